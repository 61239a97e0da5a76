public import Digests

/// A model that the fleet can run: a name for people, a digest for everything else.
public struct ModelRecord: Hashable, Sendable, Codable {
  /// What `tessera submit --model` names.
  public var name: String
  /// The digest of the model's manifest, a blob that lists its files and their digests.
  public var digest: Digest
  /// `3d_fullres` and the like.
  public var configuration: String
  public var trainer: String
  /// Image channels that a study must bring.
  public var channels: Int
  /// Labels without background, in order, with their names where known.
  public var labels: [LabelName]
  /// For a cascade's second stage, the model of its first, where that is known.
  public var previous: Digest?

  public init(
    name: String, digest: Digest, configuration: String, trainer: String, channels: Int, labels: [LabelName],
    previous: Digest? = nil
  ) {
    self.name = name
    self.digest = digest
    self.configuration = configuration
    self.trainer = trainer
    self.channels = channels
    self.labels = labels
    self.previous = previous
  }

  /// nnU-Net's name of a cascade's second stage.
  public static let cascadeConfiguration = "3d_cascade_fullres"

  /// Whether the network also sees an earlier segmentation.
  public var needsPrevious: Bool { configuration == Self.cascadeConfiguration }
}

public struct LabelName: Hashable, Sendable, Codable {
  public var label: Int
  public var name: String

  public init(label: Int, name: String) {
    self.label = label
    self.name = name
  }
}

public import Digests

/// One model configuration's way through a run, as it is asked for.
public struct PassRequest: Hashable, Sendable, Codable {
  /// The model, by digest.
  public var model: Digest
  /// Folds to average, by their names in the model's manifest (`fold_0`, `all`); empty for all of the manifest.
  public var folds: [String]
  /// For a cascade's second stage, the segmentation that it refines.
  public var previous: PreviousSegmentation?
  /// Share in the mean of probabilities that becomes the label map; 0 for a pass that only serves a later one.
  public var weight: Double

  public init(model: Digest, folds: [String] = [], previous: PreviousSegmentation? = nil, weight: Double = 1) {
    self.model = model
    self.folds = folds
    self.previous = previous
    self.weight = weight
  }

  /// Whether the pass's probabilities are part of the run's result.
  public var isMember: Bool { weight > 0 }
}

/// Where a cascade's second stage gets the segmentation of its first from.
public enum PreviousSegmentation: Hashable, Sendable {
  /// An earlier pass of the same run, by its position.
  case pass(Int)
  /// A label map (NIfTI) in the blob store.
  case image(Digest)
}

/// Written as `{"pass": 0}` or `{"image": "<digest>"}`.
extension PreviousSegmentation: Codable {
  private enum CodingKeys: String, CodingKey { case pass, image }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    if let position = try container.decodeIfPresent(Int.self, forKey: .pass) {
      self = .pass(position)
    } else {
      self = .image(try container.decode(Digest.self, forKey: .image))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .pass(let position): try container.encode(position, forKey: .pass)
    case .image(let digest): try container.encode(digest, forKey: .image)
    }
  }
}

/// What became of a pass that others follow.
public struct PassOutcome: Hashable, Sendable, Codable {
  /// The label map as `.nii.gz`, in the store, postprocessed as the model says.
  public var labelMap: Digest
  /// SHA-256 of the label map's voxels, uint8 `[z, y, x]`.
  public var labelVoxels: Digest
  /// For a member of an ensemble, the probabilities of the cropped image: a numpy file, float16 `[class, z, y, x]`, in the store.
  public var probabilities: Digest?
  /// Engines that computed the tiles, sorted, without repeats.
  public var engines: [String]
  /// Seconds by step, in the order of the steps.
  public var timings: [StepTiming]

  public init(
    labelMap: Digest, labelVoxels: Digest, probabilities: Digest? = nil, engines: [String], timings: [StepTiming]
  ) {
    self.labelMap = labelMap
    self.labelVoxels = labelVoxels
    self.probabilities = probabilities
    self.engines = engines
    self.timings = timings
  }
}

/// A pass as the ledger has it.
public struct PassRecord: Hashable, Sendable {
  public var request: PassRequest
  /// `nil` until the pass is done, and for the last one, whose outcome is the run's.
  public var outcome: PassOutcome?

  public init(request: PassRequest, outcome: PassOutcome? = nil) {
    self.request = request
    self.outcome = outcome
  }
}

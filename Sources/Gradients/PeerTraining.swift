public import Foundation
public import ModelPlans

/// What `Tests/Peers/training_steps.py` is told, so that nnU-Net's own network, loss and optimiser train on the same: its `config.json`,
/// with names in snake case. What a command of the script doesn't ask for is `nil`.
public struct PeerTraining: Codable, Sendable {
  public var patch: [Int]
  public var channels: Int
  public var classes: Int
  public var baseFeatures: Int
  /// Strides between the levels, an array for each.
  public var pools: [[Int]]
  public var kernels: [[Int]]
  public var batch: Int
  public var batchDice: Bool
  /// Of the first epoch.
  public var learningRate = PolynomialRate().initial
  public var steps: Int?
  public var threads: Int?
  public var epochs: Int?
  public var iterations: Int?
  /// A file of nnU-Net's to begin with.
  public var checkpoint: String?
  /// A raw task's folder, from whose images batches are cut.
  public var task: String?

  public init(_ network: NetworkDescription, _ settings: TrainingSettings) {
    patch = network.patch
    channels = network.inputChannels
    classes = network.outputChannels
    baseFeatures = network.features[0]
    pools = network.strides
    kernels = network.kernels
    batch = settings.batchSize
    batchDice = settings.batchDice
  }

  /// - Throws: `DecodingError`, and what reading a file throws.
  public init(readFrom file: URL) throws {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    self = try decoder.decode(Self.self, from: Data(contentsOf: file))
  }

  /// - Throws: what writing a file throws.
  public func write(to file: URL) throws {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try encoder.encode(self).write(to: file)
  }
}

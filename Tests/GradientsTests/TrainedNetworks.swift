import Gradients
import Kernels
import ModelPlans
import Testkit

/// A small network to train, with a batch.
struct TrainedNetwork: CustomStringConvertible, Sendable {
  var description: String
  var network: NetworkDescription
  var batch = 2
  var batchDice = true

  var settings: TrainingSettings { TrainingSettings(batchSize: batch, batchDice: batchDice) }

  /// He-scaled parameters, affine ones other than 1 and 0.
  func parameters(seed: UInt64) -> [String: [Double]] {
    var generator = SplitMix64(seed: seed)
    var result: [String: [Double]] = [:]
    for parameter in network.parameters {
      let range: ClosedRange<Double>
      if parameter.shape.count > 1 {
        let bound = (6 / Double(parameter.count / parameter.shape[0])).squareRoot()
        range = -bound...bound
      } else {
        range = parameter.name.hasSuffix("instnorm.weight") ? 0.6...1.4 : -0.3...0.3
      }
      // Values that a float holds, so that both engines start from the same ones.
      result[parameter.name] = (0..<parameter.count).map { _ in
        Double(Float(Double.random(in: range, using: &generator)))
      }
    }
    return result
  }

  func images(seed: UInt64) -> [[Double]] {
    var generator = SplitMix64(seed: seed)
    let count = network.inputChannels * network.patch.reduce(1, *)
    return (0..<batch).map { _ in
      (0..<count).map { _ in Double(Float.random(in: -2...2, using: &generator)) }
    }
  }

  /// Of each scale, of each sample.
  func targets(seed: UInt64) -> [[[UInt8]]] {
    var generator = SplitMix64(seed: seed)
    return DeepSupervision(network).extents.map { extent in
      (0..<batch).map { _ in
        (0..<extent.reduce(1, *)).map { _ in
          UInt8.random(in: 0..<UInt8(network.outputChannels), using: &generator)
        }
      }
    }
  }

  func trainable(
    _ parameters: [String: [Double]], threads: Int = 1, maxMemory: Int? = nil, instructionSet: InstructionSet? = nil
  ) throws -> TrainableNetwork {
    let result = try TrainableNetwork(
      description: network, settings: settings, seed: 1, pool: ComputePool(threads: threads), maxMemory: maxMemory,
      instructionSet: instructionSet)
    for (name, values) in parameters { try result.setValues(values.map { Float($0) }, of: name) }
    return result
  }

  /// Every kind of layer: strides of some axes, kernels of 1 and 3, few and many channels, concatenations that don't fill their blocks.
  static let all: [TrainedNetwork] = [
    TrainedNetwork(
      description: "isotropic",
      network: NetworkDescription(
        patch: [8, 12, 8], inputChannels: 2, outputChannels: 3, features: [5, 8, 17],
        kernels: [[3, 3, 3], [3, 3, 3], [3, 3, 3]], strides: [[2, 2, 2], [2, 2, 2]])),
    TrainedNetwork(
      description: "anisotropic",
      network: NetworkDescription(
        patch: [4, 16, 8], inputChannels: 1, outputChannels: 4, features: [4, 6, 9],
        kernels: [[1, 3, 3], [3, 3, 3], [3, 3, 3]], strides: [[1, 2, 2], [2, 2, 1]]), batchDice: false),
    TrainedNetwork(
      description: "flat",
      network: NetworkDescription(
        patch: [16, 24], inputChannels: 3, outputChannels: 2, features: [6, 18, 20, 20],
        kernels: [[3, 3], [3, 3], [3, 3], [3, 3]], strides: [[2, 2], [2, 2], [1, 2]]), batch: 3),
    TrainedNetwork(
      description: "wide",
      network: NetworkDescription(
        patch: [8, 8, 16], inputChannels: 1, outputChannels: 2, features: [16, 32], kernels: [[3, 3, 3], [3, 3, 3]],
        strides: [[2, 2, 2]]), batch: 1, batchDice: false),
    TrainedNetwork(
      description: "three blocks",
      network: NetworkDescription(
        patch: [4, 8, 8], inputChannels: 1, outputChannels: 3, features: [4, 7], kernels: [[3, 3, 3], [3, 3, 3]],
        strides: [[2, 2, 2]], blocksPerLevel: 3)),
  ]

  static let tiny = TrainedNetwork(
    description: "tiny",
    network: NetworkDescription(
      patch: [2, 8, 8], inputChannels: 1, outputChannels: 3, features: [2, 3, 4],
      kernels: [[1, 3, 3], [3, 3, 3], [3, 3, 3]], strides: [[1, 2, 2], [2, 2, 2]]))
}

/// The Euclidean distance by the length of `expected`.
func relativeError(_ found: [Float], _ expected: [Double]) -> Double {
  let distance = zip(found, expected).reduce(0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) }
  return (distance / max(expected.reduce(0) { $0 + $1 * $1 }, 1e-300)).squareRoot()
}

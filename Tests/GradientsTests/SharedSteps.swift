import Foundation
import Gradients
import Kernels
import ModelPlans

/// Weights and batches as Tests/Peers/training_steps.py makes them.
struct SharedSteps {
  let config: PeerTraining

  func network(threads: Int) throws -> TrainableNetwork {
    let features = (0...config.pools.count).map { min(config.baseFeatures << $0, config.patch.count == 2 ? 480 : 320) }
    return try TrainableNetwork(
      description: NetworkDescription(
        patch: config.patch, inputChannels: config.channels, outputChannels: config.classes, features: features,
        kernels: config.kernels, strides: config.pools),
      settings: TrainingSettings(batchSize: config.batch, batchDice: config.batchDice), seed: 1,
      pool: ComputePool(threads: threads))
  }

  /// `numbers` of the script: a hash of their place, from -0.5 to 0.5.
  static func numbers(_ count: Int, seed: Int) -> [Float] {
    let mask: UInt64 = 0xFFFF_FFFF
    let start = UInt64(seed * 97531 + 12345)
    return (0..<count).map { place in
      var x = (UInt64(place) &* 2_654_435_761 &+ start) & mask
      x ^= x >> 15
      x = (x &* 2_246_822_519) & mask
      x ^= x >> 13
      x = (x &* 3_266_489_917) & mask
      x ^= x >> 16
      return Float(Double(x) / 4_294_967_296 - 0.5)
    }
  }

  /// `fill` of the script.
  func fill(_ network: TrainableNetwork) throws {
    for (number, parameter) in network.parameters.enumerated() {
      let values = Self.numbers(parameter.count, seed: number + 1)
      if parameter.shape.count > 1 {
        let factor = Float((24 / Double(parameter.count / parameter.shape[0])).squareRoot())
        try network.setValues(values.map { $0 * factor }, of: parameter.name)
      } else {
        let middle: Float = parameter.name.hasSuffix("instnorm.weight") ? 1 : 0
        try network.setValues(values.map { middle + 0.4 * $0 }, of: parameter.name)
      }
    }
  }

  /// `batch` of the script.
  func batch(_ step: Int, _ network: TrainableNetwork) -> (images: [Float], targets: [[UInt8]]) {
    let voxels = config.patch.reduce(1, *)
    let images = Self.numbers(config.batch * config.channels * voxels, seed: 1000 + step).map { 4 * $0 }
    let targets = network.supervision.extents.enumerated().map { scale, extent in
      Self.numbers(config.batch * extent.reduce(1, *), seed: 2000 + 10 * step + scale)
        .map { UInt8((Double($0) + 0.5) * Double(config.classes)) }
    }
    return (images, targets)
  }

  /// Batch number `step` of those that the script wrote.
  func batch(
    _ step: Int, _ network: TrainableNetwork, images: [Float], targets: [UInt8]
  ) -> (images: [Float], targets: [[UInt8]]) {
    let count = config.batch * config.channels * config.patch.reduce(1, *)
    let sizes = network.supervision.extents.map { config.batch * $0.reduce(1, *) }
    var first = step * sizes.reduce(0, +)
    let scales = sizes.map { size in
      defer { first += size }
      return Array(targets[first..<first + size])
    }
    return (Array(images[step * count..<(step + 1) * count]), scales)
  }

  /// The checkpoint's parameters and momentum, as the script wrote them.
  func load(_ network: TrainableNetwork, from folder: URL) throws {
    let values = try Self.floats(folder.appending(path: "start.f32"))
    let momentum = try Self.floats(folder.appending(path: "start_momentum.f32"))
    var first = 0
    for parameter in network.parameters {
      let range = first..<first + parameter.count
      try network.setValues(Array(values[range]), of: parameter.name)
      if parameter.name != "seg_outputs.0.weight" {
        try network.setMomentum(Array(momentum[range]), of: parameter.name)
      }
      first = range.upperBound
    }
  }

  static func floats(_ file: URL) throws -> [Float] {
    try Data(contentsOf: file).withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
  }

  /// Relative errors of all parameters together and of the worst one; biases before a normalisation, whose gradients are rounding
  /// errors in PyTorch, count for the whole only.
  static func errors(
    _ network: TrainableNetwork, _ expected: [Float], _ found: (String) throws -> [Float]
  ) throws -> (whole: Double, worst: Double, name: String) {
    var first = 0
    var all: [Float] = []
    var worst = (0.0, "")
    for parameter in network.parameters {
      let values = try found(parameter.name)
      let error = relativeError(values, expected[first..<first + parameter.count].map { Double($0) })
      if error > worst.0, !parameter.name.hasSuffix(".conv.bias"), !parameter.name.hasPrefix("seg_outputs.0") {
        worst = (error, parameter.name)
      }
      first += parameter.count
      all += values
    }
    return (relativeError(all, expected.map { Double($0) }), worst.0, worst.1)
  }
}

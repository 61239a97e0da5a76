import Kernels
import ModelPlans
import Testkit
import UNet

/// Weights from a dictionary, as tests make them.
struct DictionaryWeights: NetworkWeights {
  struct Missing: Error, Equatable { let name: String }

  var parameters: [String: [Float]]

  func withParameter<Result>(_ name: String, _ body: (UnsafeBufferPointer<Float>) throws -> Result) throws -> Result {
    guard let values = parameters[name] else { throw Missing(name: name) }
    return try values.withUnsafeBufferPointer(body)
  }
}

extension DictionaryWeights {
  /// He-scaled random weights, and affine parameters and biases other than 1 and 0.
  init(random description: NetworkDescription, seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    var parameters: [String: [Float]] = [:]
    func uniform(_ count: Int, _ range: ClosedRange<Float>) -> [Float] {
      (0..<count).map { _ in .random(in: range, using: &generator) }
    }
    let levels = 0..<description.poolings
    for layer in (0...description.poolings).flatMap(description.encoder) + levels.flatMap(description.decoder) {
      let fan = layer.inputChannels * layer.kernel.reduce(1, *)
      let bound = (6 / Float(fan)).squareRoot()
      parameters["\(layer.name).conv.weight"] = uniform(layer.outputChannels * fan, -bound...bound)
      parameters["\(layer.name).conv.bias"] = uniform(layer.outputChannels, -0.2...0.2)
      parameters["\(layer.name).instnorm.weight"] = uniform(layer.outputChannels, 0.5...1.5)
      parameters["\(layer.name).instnorm.bias"] = uniform(layer.outputChannels, -0.2...0.2)
    }
    for layer in levels.map(description.upsampling) {
      let bound = (3 / Float(layer.inputChannels)).squareRoot()
      let count = layer.inputChannels * layer.outputChannels * layer.kernel.reduce(1, *)
      parameters["\(layer.name).weight"] = uniform(count, -bound...bound)
    }
    let head = description.head(level: 0)
    parameters["\(head.name).weight"] = uniform(head.inputChannels * head.outputChannels, -1...1)
    if description.headHasBias { parameters["\(head.name).bias"] = uniform(head.outputChannels, -1...1) }
    self.init(parameters: parameters)
  }
}

/// Small networks that together have every feature the executors support.
enum TestNetworks {
  static let isotropic = NetworkDescription(
    patch: [8, 12, 8], inputChannels: 2, outputChannels: 3, features: [5, 8, 17],
    kernels: [[3, 3, 3], [3, 3, 3], [3, 3, 3]], strides: [[2, 2, 2], [2, 2, 2]])

  /// Like the plans of thick slices: the first level is 2D, the decoder's kernel there is the next level's.
  static let anisotropic = NetworkDescription(
    patch: [4, 16, 12], inputChannels: 1, outputChannels: 4, features: [4, 6, 9],
    kernels: [[1, 3, 3], [3, 3, 3], [3, 3, 3]], strides: [[1, 2, 2], [2, 2, 2]])

  static let flat = NetworkDescription(
    patch: [20, 24], inputChannels: 3, outputChannels: 2, features: [6, 10, 16],
    kernels: [[3, 3], [3, 3], [3, 3]], strides: [[2, 2], [2, 2]])

  static let threeBlocksRegions = NetworkDescription(
    patch: [8, 8, 6], inputChannels: 1, outputChannels: 3, features: [4, 7], kernels: [[3, 3, 3], [3, 3, 3]],
    strides: [[2, 2, 2]], blocksPerLevel: 3,
    block: .init(normalization: .instance, epsilon: 1e-4, activation: .leakyReLU(slope: 0.2)), headHasBias: true,
    finalActivation: .sigmoid)

  static let oneBlock = NetworkDescription(
    patch: [6, 10], inputChannels: 1, outputChannels: 2, features: [3, 5], kernels: [[3, 3], [3, 3]],
    strides: [[2, 2]], blocksPerLevel: 1)

  static let all = [isotropic, anisotropic, flat, threeBlocksRegions, oneBlock]

  static func patch(of description: NetworkDescription, seed: UInt64 = 11) -> [Float] {
    var generator = SplitMix64(seed: seed)
    return (0..<description.inputChannels * description.patch.reduce(1, *)).map { _ in
      .random(in: -2...2, using: &generator)
    }
  }
}

extension BlasExecutor {
  /// With a pool and a workspace of its own.
  convenience init(_ description: NetworkDescription, _ weights: some NetworkWeights, threads: Int = 1) throws {
    try self.init(
      description: description, weights: weights, pool: ComputePool(threads: threads),
      workspace: Workspace(description: description, threads: threads))
  }
}

extension NetworkExecutor {
  var outputCount: Int { description.outputChannels * description.patch.reduce(1, *) }

  func logits(_ patch: [Float]) throws -> [Float] {
    var result = [Float](repeating: .nan, count: outputCount)
    try patch.withUnsafeBufferPointer { patch in
      try result.withUnsafeMutableBufferPointer { try forward(patch, into: $0) }
    }
    return result
  }

  func probabilities(_ patch: [Float], mirrorings: [MirroredAxes]) throws -> [Float] {
    var result = [Float](repeating: .nan, count: outputCount)
    try patch.withUnsafeBufferPointer { patch in
      try result.withUnsafeMutableBufferPointer { try predict(patch, mirrorings: mirrorings, into: $0) }
    }
    return result
  }
}

func largestDifference(_ a: [Float], _ b: [Float]) -> Float {
  a.count == b.count
    ? zip(a, b).reduce(0) { $1.0.isNaN || $1.1.isNaN ? .infinity : max($0, abs($1.0 - $1.1)) } : .infinity
}

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
  /// He-scaled random weights; affine parameters, biases and statistics other than 1 and 0.
  init(random description: NetworkDescription, seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    var parameters: [String: [Float]] = [:]
    for layer in description.layers {
      for parameter in description.parameters(of: layer) where parameter.isNeeded {
        let range: ClosedRange<Float> =
          switch (layer.kind, parameter.name.split(separator: ".").last) {
          case (.head, _): -1...1
          case (.transposedConvolution, _): Self.around((3 / Float(layer.inputChannels)).squareRoot())
          case _ where parameter.name == "\(layer.convolution).weight":
            Self.around((6 / Float(layer.inputChannels * layer.kernel.reduce(1, *))).squareRoot())
          case (_, "weight"): 0.5...1.5
          case (_, "running_var"): 0.3...2
          default: -0.2...0.2
          }
        parameters[parameter.name] = (0..<parameter.count).map { _ in .random(in: range, using: &generator) }
      }
    }
    self.init(parameters: parameters)
  }

  private static func around(_ bound: Float) -> ClosedRange<Float> { -bound...bound }
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

  /// A network of eight features and more, with any kind of block.
  private static func variant(_ block: BlockDescription) -> NetworkDescription {
    .init(
      patch: [4, 6, 8], inputChannels: 2, outputChannels: 3, features: [8, 24], kernels: [[1, 3, 3], [3, 3, 3]],
      strides: [[1, 2, 2]], block: block)
  }

  static let batch = variant(.init(normalization: .batch, activation: .leakyReLU(slope: 0.01)))
  static let group = variant(.init(normalization: .group(4), activation: .relu))
  static let filterResponse = variant(.init(normalization: .filterResponse, epsilon: 1e-6, activation: .none))
  static let plain = variant(.init(normalization: .none, activation: .leakyReLU(slope: 0.01)))
  static let gelu = variant(.init(normalization: .instance, activation: .gelu))
  static let mish = variant(.init(normalization: .instance, activation: .mish))
  static let activationFirst = variant(
    .init(normalization: .instance, activation: .relu, order: .activationFirst))
  static let groupAfterMish = variant(.init(normalization: .group(8), activation: .mish, order: .activationFirst))
  static let batchAfterGELU = variant(.init(normalization: .batch, activation: .gelu, order: .activationFirst))

  static func residual(_ normalization: BlockDescription.Normalization) -> NetworkDescription {
    .init(
      patch: [4, 8, 8], inputChannels: 2, outputChannels: 3, features: [5, 10, 10],
      kernels: [[1, 3, 3], [3, 3, 3], [3, 3, 3]], strides: [[1, 2, 2], [2, 2, 2]],
      residual: ResidualEncoder(encoderBlocks: [2, 1, 2], decoderBlocks: [1, 2]),
      block: .init(normalization: normalization, activation: .leakyReLU(slope: 0.01)), headHasBias: true)
  }

  static let all = [
    isotropic, anisotropic, flat, threeBlocksRegions, oneBlock, batch, group, filterResponse, plain, gelu, mish,
    activationFirst, groupAfterMish, batchAfterGELU, residual(.instance), residual(.batch), residual(.none), wide,
    unusual, slices,
  ]

  /// Channels of whole blocks, and more than one; extents that no tile divides.
  static let wide = NetworkDescription(
    patch: [10, 20, 12], inputChannels: 1, outputChannels: 18, features: [16, 40, 32],
    kernels: [[3, 3, 3], [3, 3, 3], [3, 3, 3]], strides: [[2, 2, 2], [1, 2, 2]])

  /// Kernels and strides of single axes, which plans may have.
  static let unusual = NetworkDescription(
    patch: [6, 8, 10], inputChannels: 5, outputChannels: 2, features: [8, 17, 20],
    kernels: [[3, 1, 1], [1, 1, 1], [3, 1, 3]], strides: [[1, 2, 1], [2, 1, 1]])

  /// A decoder in 2D above one in 3D, and a pooling in the plane under a kernel in space.
  static let slices = NetworkDescription(
    patch: [3, 24, 20], inputChannels: 2, outputChannels: 3, features: [8, 16, 24],
    kernels: [[1, 3, 3], [3, 3, 3], [3, 3, 3]], strides: [[1, 2, 2], [1, 2, 2]],
    block: .init(normalization: .instance, activation: .relu))

  /// Those that the winograd executor computes.
  static let winograd = [isotropic, anisotropic, flat, threeBlocksRegions, oneBlock, wide, unusual, slices]

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

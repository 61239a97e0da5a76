public import Kernels
public import ModelPlans

/// The slow, obvious twin of the fast executors: plain loops over planes in double, one thread, every tensor kept. It does what
/// generic_UNet.py's `forward` says, bias before normalisation included. For tests and small networks.
public final class ReferenceExecutor: NetworkExecutor {
  public let description: NetworkDescription
  public let identity = EngineIdentity(engine: "reference")
  /// By nnU-Net's names.
  private var parameters: [String: [Double]] = [:]

  /// - Throws: `NetworkExecutionError.unsupportedDescription`, and what `weights` throws for a missing parameter.
  public init(description: NetworkDescription, weights: some NetworkWeights) throws {
    try description.checkExecutable()
    self.description = description
    let levels = 0..<description.poolings
    let blocks =
      (0...description.poolings).flatMap(description.encoder) + levels.flatMap(description.decoder)
    for layer in blocks {
      for name in ["conv.weight", "conv.bias", "instnorm.weight", "instnorm.bias"] {
        try load("\(layer.name).\(name)", from: weights)
      }
    }
    for layer in levels.map(description.upsampling) { try load("\(layer.name).weight", from: weights) }
    let head = description.head(level: 0).name
    try load("\(head).weight", from: weights)
    if description.headHasBias { try load("\(head).bias", from: weights) }
  }

  private func load(_ name: String, from weights: some NetworkWeights) throws {
    parameters[name] = try weights.withParameter(name) { $0.map(Double.init) }
  }

  private func parameter(_ name: String) -> [Double] { parameters[name] ?? [] }

  public func forward(_ patch: UnsafeBufferPointer<Float>, into logits: UnsafeMutableBufferPointer<Float>) throws {
    try checkSizes(patch, logits)
    let result = network(input(patch))
    for index in logits.indices { logits[index] = Float(result.values[index]) }
  }

  public func accumulate(
    _ patch: UnsafeBufferPointer<Float>, mirrored: MirroredAxes, weight: Float,
    into sum: UnsafeMutableBufferPointer<Float>
  ) throws {
    try checkSizes(patch, sum)
    let logits = network(input(patch).flipped(mirrored))
    let probabilities =
      switch description.finalActivation {
      case .softmax: logits.softmax()
      case .sigmoid: logits.sigmoid()
      }
    let result = probabilities.flipped(mirrored)
    for index in sum.indices { sum[index] += weight * Float(result.values[index]) }
  }

  private func input(_ patch: UnsafeBufferPointer<Float>) -> ReferenceTensor {
    ReferenceTensor(
      channels: description.inputChannels, extent: threeAxes(description.patch), values: patch.map(Double.init))
  }

  private func network(_ input: ReferenceTensor) -> ReferenceTensor {
    var x = input
    var skips: [ReferenceTensor] = []
    for level in 0...description.poolings {
      for layer in description.encoder(level: level) { x = block(layer, x) }
      skips.append(x)
    }
    for level in (0..<description.poolings).reversed() {
      let layer = description.upsampling(to: level)
      x = x.upsampled(
        weights: parameter("\(layer.name).weight"), outputChannels: layer.outputChannels,
        factor: threeAxes(layer.stride))
      x = x.concatenated(with: skips[level])
      for layer in description.decoder(level: level) { x = block(layer, x) }
    }
    let head = description.head(level: 0)
    let bias =
      description.headHasBias
      ? parameter("\(head.name).bias") : [Double](repeating: 0, count: description.outputChannels)
    return x.convolved(
      weights: parameter("\(head.name).weight"), bias: bias, kernel: SIMD3(1, 1, 1), stride: SIMD3(1, 1, 1))
  }

  private func block(_ layer: NetworkLayer, _ input: ReferenceTensor) -> ReferenceTensor {
    let convolved = input.convolved(
      weights: parameter("\(layer.name).conv.weight"), bias: parameter("\(layer.name).conv.bias"),
      kernel: threeAxes(layer.kernel), stride: threeAxes(layer.stride))
    let normalized = convolved.instanceNormalized(
      gamma: parameter("\(layer.name).instnorm.weight"), beta: parameter("\(layer.name).instnorm.bias"),
      epsilon: Double(description.block.epsilon))
    switch description.block.activation {
    case .leakyReLU(let slope): return normalized.leakyReLU(slope: Double(slope))
    }
  }
}

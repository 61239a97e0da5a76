public import Kernels
public import ModelPlans

/// The slow, obvious twin of the fast executors: plain loops over planes in double, one thread, every tensor kept. It does what
/// generic_UNet.py's and generic_modular_residual_UNet.py's `forward` say, bias before normalisation included. For tests and small
/// networks.
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
    let layers =
      (0...description.poolings).flatMap(description.encoder) + levels.flatMap(description.decoder)
      + levels.map(description.upsampling) + [description.head(level: 0)]
    for parameter in layers.flatMap(description.parameters) where parameter.isNeeded {
      try load(parameter.name, from: weights)
    }
  }

  private func load(_ name: String, from weights: some NetworkWeights) throws {
    parameters[name] = try weights.withParameter(name) { $0.map(Double.init) }
  }

  private func parameter(_ name: String) -> [Double] { parameters[name] ?? [] }

  public func run(
    _ patch: UnsafePointer<Float>, mirrored: MirroredAxes, use: SegmentationHead.Use,
    into output: UnsafeMutablePointer<Float>
  ) {
    let extent = threeAxes(description.patch)
    let values = UnsafeBufferPointer(start: patch, count: description.inputChannels * voxels(extent))
    let input = ReferenceTensor(
      channels: description.inputChannels, extent: extent, values: values.map(Double.init))
    let logits = network(input.flipped(mirrored))
    switch use {
    case .logits:
      for (index, value) in logits.flipped(mirrored).values.enumerated() { output[index] = Float(value) }
    case .probabilities(let activation, let weight):
      let probabilities =
        switch activation {
        case .softmax: logits.softmax()
        case .sigmoid: logits.sigmoid()
        }
      for (index, value) in probabilities.flipped(mirrored).values.enumerated() {
        output[index] += weight * Float(value)
      }
    }
  }

  private func network(_ input: ReferenceTensor) -> ReferenceTensor {
    var x = input
    var skips: [ReferenceTensor] = []
    for level in 0...description.poolings {
      x = blocks(description.encoder(level: level), x)
      skips.append(x)
    }
    for level in (0..<description.poolings).reversed() {
      let layer = description.upsampling(to: level)
      x = x.upsampled(
        weights: parameter("\(layer.name).weight"), outputChannels: layer.outputChannels,
        factor: threeAxes(layer.stride))
      x = x.concatenated(with: skips[level])
      x = blocks(description.decoder(level: level), x)
    }
    let head = description.head(level: 0)
    let bias =
      description.headHasBias
      ? parameter("\(head.name).bias") : [Double](repeating: 0, count: description.outputChannels)
    return x.convolved(
      weights: parameter("\(head.name).weight"), bias: bias, kernel: SIMD3(1, 1, 1), stride: SIMD3(1, 1, 1))
  }

  /// Blocks one after the other; those of a residual block as its parts say.
  private func blocks(_ layers: [NetworkLayer], _ input: ReferenceTensor) -> ReferenceTensor {
    var x = input
    var residual: ReferenceTensor?
    for layer in layers {
      switch layer.residualPart {
      case nil: x = activated(normalized(layer, x))
      case .shortcut: residual = normalized(layer, x)
      case .first:
        residual = residual ?? x
        x = activated(normalized(layer, x))
      case .second:
        x = activated(normalized(layer, x).adding(residual ?? x))
        residual = nil
      }
    }
    return x
  }

  /// Convolution and normalisation; where the activation comes before the normalisation, that too.
  private func normalized(_ layer: NetworkLayer, _ input: ReferenceTensor) -> ReferenceTensor {
    let convolved = input.convolved(
      weights: parameter("\(layer.convolution).weight"),
      bias: layer.hasBias
        ? parameter("\(layer.convolution).bias") : [Double](repeating: 0, count: layer.outputChannels),
      kernel: threeAxes(layer.kernel), stride: threeAxes(layer.stride))
    let x = description.block.order == .activationFirst ? applied(description.block.activation, convolved) : convolved
    let epsilon = Double(description.block.epsilon)
    func own(_ name: String) -> [Double] { parameter("\(layer.normalization).\(name)") }
    switch description.block.normalization {
    case .none: return x
    case .instance:
      return x.groupNormalized(groups: x.channels, gamma: own("weight"), beta: own("bias"), epsilon: epsilon)
    case .group(let groups):
      return x.groupNormalized(groups: groups, gamma: own("weight"), beta: own("bias"), epsilon: epsilon)
    case .batch:
      return x.normalized(
        mean: own("running_mean"), variance: own("running_var"), gamma: own("weight"), beta: own("bias"),
        epsilon: epsilon)
    case .filterResponse:
      return x.filterResponseNormalized(
        gamma: own("weight"), beta: own("bias"), threshold: own("tau"), epsilon: epsilon)
    }
  }

  /// The activation, unless it came before the normalisation.
  private func activated(_ x: ReferenceTensor) -> ReferenceTensor {
    description.block.order == .activationFirst ? x : applied(description.block.activation, x)
  }

  private func applied(_ activation: BlockDescription.Activation, _ x: ReferenceTensor) -> ReferenceTensor {
    switch activation {
    case .leakyReLU(let slope): x.leakyReLU(slope: Double(slope))
    case .relu: x.leakyReLU(slope: 0)
    case .gelu: x.gelu()
    case .mish: x.mish()
    case .none: x
    }
  }
}

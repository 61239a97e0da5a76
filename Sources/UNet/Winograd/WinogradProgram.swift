internal import Kernels
internal import ModelPlans

/// A described network as the steps that the winograd executor takes: those of `NetworkProgram`, each with its method, on blocked
/// tensors. It depends on the description alone; the weights are apart.
struct WinogradProgram {
  enum Operation {
    /// The first convolution reads the caller's patch.
    case first(DirectConvolution)
    case direct(DirectConvolution)
    case winograd(WinogradConvolution)
    case upsampling(BlockedUpsampling)
    case head(BlockedHead)
  }

  struct Step {
    let layer: NetworkLayer
    let operation: Operation
    /// Indices into `tensors`.
    let inputs: [Int]
    /// `nil` for the head, whose output is the caller's.
    let output: Int?
  }

  struct Tensor {
    let channels: Int
    let extent: SIMD3<Int>
    /// Whether its values wait for normalisation and activation.
    let isPending: Bool
    /// Where its scales, then its shifts lie among those of all tensors, in floats.
    let vectors: Int

    var paddedChannels: Int { BlockedTensor.blocks(channels) * BlockedTensor.lanes }
  }

  let description: NetworkDescription
  /// What the activations multiply negative values by.
  let slope: Float
  let steps: [Step]
  let tensors: [Tensor]
  let arena: ArenaPlan
  /// Floats of the scales and shifts of all tensors.
  let vectorFloats: Int

  /// - Throws: `NetworkExecutionError`: `unsupportedDescription` for a network that no executor can run, `notThisEngine` for one that
  ///   only `blas` can.
  init(_ description: NetworkDescription) throws {
    let plain = try NetworkProgram(description)
    self.description = description
    slope = try Self.slope(description)

    var tensors = [Tensor?](repeating: nil, count: plain.tensors.count)
    var vectorFloats = 0
    func add(_ index: Int, channels: Int, extent: SIMD3<Int>, isPending: Bool) {
      let tensor = Tensor(channels: channels, extent: extent, isPending: isPending, vectors: vectorFloats)
      if isPending { vectorFloats += 2 * tensor.paddedChannels }
      tensors[index] = tensor
    }
    steps = plain.steps.map { step in
      switch step.operation {
      case .block(let block, _, let output):
        add(output, channels: block.outputChannels, extent: block.window.output, isPending: true)
        let isFirst = step.inputs == [plain.input]
        return Step(
          layer: step.layer, operation: isFirst ? Self.first(block) : Self.convolution(block),
          inputs: isFirst ? [] : step.inputs, output: output)
      case .upsampling(let plain, let output):
        let upsampling = BlockedUpsampling(
          input: plain.input, factor: plain.factor, inputChannels: plain.inputChannels,
          outputChannels: plain.outputChannels)
        add(output, channels: upsampling.outputChannels, extent: upsampling.output, isPending: false)
        return Step(layer: step.layer, operation: .upsampling(upsampling), inputs: step.inputs, output: output)
      case .head(let plain):
        let head = BlockedHead(extent: plain.extent, inputChannels: plain.inputChannels, classes: plain.classes)
        return Step(layer: step.layer, operation: .head(head), inputs: step.inputs, output: nil)
      }
    }
    // The patch is read where the caller has it.
    self.tensors = tensors.map { $0 ?? Tensor(channels: 0, extent: SIMD3(0, 0, 0), isPending: false, vectors: 0) }
    self.vectorFloats = vectorFloats
    arena = ArenaPlan(
      zip(self.tensors, plain.tensors).map {
        .init(floats: BlockedTensor.floats(channels: $0.channels, extent: $0.extent), steps: $1.steps)
      })
  }

  private static func slope(_ description: NetworkDescription) throws -> Float {
    let block = description.block
    guard description.residual == nil, block.normalization == .instance, block.order == .normalizationFirst else {
      throw NetworkExecutionError.notThisEngine(
        engine: "winograd", reason: "it computes plain U-Nets with instance normalisation before the activation")
    }
    switch block.activation {
    case .leakyReLU(let slope): return slope
    case .relu: return 0
    case .gelu, .mish, .none:
      throw NetworkExecutionError.notThisEngine(engine: "winograd", reason: "it computes ReLU and leaky ReLU")
    }
  }

  private static func first(_ block: ConvolutionBlock) -> Operation {
    .first(
      DirectConvolution(
        window: block.window, source: .planes(block.sources.reduce(0, +)), outputChannels: block.outputChannels))
  }

  private static func convolution(_ block: ConvolutionBlock) -> Operation {
    let method = ConvolutionMethod.cheapest(
      window: block.window, inputChannels: block.sources.reduce(0, +), outputChannels: block.outputChannels)
    switch method {
    case .direct:
      return .direct(
        DirectConvolution(window: block.window, source: .tensors(block.sources), outputChannels: block.outputChannels))
    case .winograd(let transform):
      return .winograd(
        WinogradConvolution(
          window: block.window, sources: block.sources, outputChannels: block.outputChannels, transform: transform))
    }
  }
}

extension WinogradProgram.Operation {
  /// Floats of the packed weights, without vectors.
  var packedWeights: Int {
    switch self {
    case .first(let convolution), .direct(let convolution): convolution.packedWeights
    case .winograd(let convolution): convolution.packedWeights
    case .upsampling(let upsampling): upsampling.packedWeights
    case .head(let head): head.packedWeights
    }
  }

  var scratch: ScratchNeed {
    switch self {
    case .first(let convolution), .direct(let convolution): convolution.scratch
    case .winograd(let convolution): convolution.scratch
    case .upsampling(let upsampling): upsampling.scratch
    case .head(let head): head.scratch
    }
  }

  /// Parts of the statistics; 0 where there are none.
  var parts: Int {
    switch self {
    case .first(let convolution), .direct(let convolution): convolution.parts
    case .winograd(let convolution): convolution.parts
    case .upsampling, .head: 0
    }
  }

  /// Names the way in which `pack` lays weights out.
  var packing: String {
    switch self {
    case .first: "first"
    case .direct: "direct"
    case .winograd(let convolution): convolution.transform.description
    case .upsampling: "upsampling"
    case .head: "head"
    }
  }

  /// The method's name in tables, such as `F(4,4,4)`.
  var method: String {
    switch self {
    case .first, .direct: "direct"
    case .winograd(let convolution): convolution.transform.description
    case .upsampling, .head: "products"
    }
  }
}

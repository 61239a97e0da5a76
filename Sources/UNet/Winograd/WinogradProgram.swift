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
    /// A transposed convolution and the convolution that reads what it makes.
    case slabwise(SlabwiseConvolution)
    case head(BlockedHead)
  }

  struct Step {
    /// Of the step of `NetworkProgram` that this one is.
    let number: Int
    let layer: NetworkLayer
    /// The transposed convolution that is computed with it.
    var upsampling: NetworkLayer?
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

    var floats: Int { BlockedTensor.floats(channels: channels, extent: extent) }
    var paddedChannels: Int { BlockedTensor.blocks(channels) * BlockedTensor.lanes }
  }

  let description: NetworkDescription
  let plan: WinogradPlan
  /// What the activations multiply negative values by.
  let slope: Float
  let steps: [Step]
  let tensors: [Tensor]
  /// From the step that writes a tensor to the last one that reads it, by the steps' `number`.
  let lives: [ClosedRange<Int>]
  /// Floats of the scales and shifts of all tensors.
  let vectorFloats: Int

  /// - Throws: `NetworkExecutionError`: `unsupportedDescription` for a network that no executor can run, `notThisEngine` for one that
  ///   only `blas` can.
  init(_ description: NetworkDescription, plan: WinogradPlan) throws {
    let plain = try NetworkProgram(description)
    let price = MemoryPrice(plan, description)
    self.description = description
    self.plan = plan
    slope = try Self.slope(description)

    var tensors = [Tensor?](repeating: nil, count: plain.tensors.count)
    var vectorFloats = 0
    func add(_ index: Int, channels: Int, extent: SIMD3<Int>, isPending: Bool) {
      let tensor = Tensor(channels: channels, extent: extent, isPending: isPending, vectors: vectorFloats)
      if isPending { vectorFloats += 2 * tensor.paddedChannels }
      tensors[index] = tensor
    }
    var lives = plain.tensors.map(\.steps)
    var steps: [Step] = []
    var joined: Joined?
    for (index, step) in plain.steps.enumerated() {
      switch step.operation {
      case .block(let block, _, let output):
        add(output, channels: block.outputChannels, extent: block.window.output, isPending: true)
        if let joined {
          let inputs = [joined.input] + step.inputs.dropFirst()
          steps.append(
            Step(
              number: index, layer: step.layer, upsampling: joined.layer, operation: joined.operation, inputs: inputs,
              output: output))
          lives[joined.input] = lives[joined.input].lowerBound...max(lives[joined.input].upperBound, index)
        } else if step.inputs == [plain.input] {
          steps.append(Step(number: index, layer: step.layer, operation: Self.first(block), inputs: [], output: output))
        } else {
          steps.append(
            Step(
              number: index, layer: step.layer, operation: Self.convolution(block, price), inputs: step.inputs,
              output: output))
        }
        joined = nil
      case .upsampling(let plainUpsampling, let output):
        joined = Self.join(plainUpsampling, step, with: plain.steps[index + 1], price)
        guard joined == nil else { continue }
        let upsampling = BlockedUpsampling(plainUpsampling)
        add(output, channels: upsampling.outputChannels, extent: upsampling.output, isPending: false)
        steps.append(
          Step(
            number: index, layer: step.layer, operation: .upsampling(upsampling), inputs: step.inputs, output: output))
      case .head(let plain):
        let head = BlockedHead(extent: plain.extent, inputChannels: plain.inputChannels, classes: plain.classes)
        steps.append(Step(number: index, layer: step.layer, operation: .head(head), inputs: step.inputs, output: nil))
      }
    }
    self.steps = steps
    // The patch is read where the caller has it, and what a joined transposed convolution would make doesn't exist.
    self.tensors = tensors.map { $0 ?? Tensor(channels: 0, extent: SIMD3(0, 0, 0), isPending: false, vectors: 0) }
    self.vectorFloats = vectorFloats
    self.lives = lives
  }

  /// A transposed convolution that waits for the convolution that it is computed with.
  private struct Joined {
    let layer: NetworkLayer
    let input: Int
    let operation: Operation
  }

  /// - Parameter next: the step that reads what `step` makes.
  private static func join(
    _ upsampling: Upsampling, _ step: NetworkProgram.Step, with next: NetworkProgram.Step, _ price: MemoryPrice
  ) -> Joined? {
    guard case .block(let block, _, _) = next.operation else { return nil }
    func joined(_ operation: Operation) -> Joined {
      Joined(layer: step.layer, input: step.inputs[0], operation: operation)
    }
    let skips = Array(block.sources.dropFirst())
    if let method = UpsampledMethod.joined(
      upsampling, window: block.window, skipChannels: skips.reduce(0, +), outputChannels: block.outputChannels,
      price: price)
    {
      return joined(
        .winograd(
          WinogradConvolution(
            window: block.window, factor: upsampling.factor, upsampledFrom: upsampling.inputChannels,
            upsampledTransform: method.upsampled, sources: skips, outputChannels: block.outputChannels,
            transform: method.skip)))
    }
    guard case .winograd(let convolution) = convolution(block, price) else { return nil }
    return SlabwiseConvolution(upsampling: BlockedUpsampling(upsampling), convolution: convolution)
      .map { joined(.slabwise($0)) }
  }

  private static func slope(_ description: NetworkDescription) throws -> Float {
    let block = description.block
    guard description.residual == nil, block.normalization == .instance, block.order == .normalizationFirst else {
      throw NetworkExecutionError.notThisEngine(
        engine: "winograd", reason: "it computes plain U-Nets with instance normalisation before the activation")
    }
    switch block.activation {
    case .leakyReLU(let slope) where slope <= 1: return slope
    case .relu: return 0
    case .leakyReLU, .gelu, .mish, .none:
      throw NetworkExecutionError.notThisEngine(
        engine: "winograd", reason: "it computes ReLU and leaky ReLU of slopes up to 1")
    }
  }

  private static func first(_ block: ConvolutionBlock) -> Operation {
    .first(
      DirectConvolution(
        window: block.window, source: .planes(block.sources.reduce(0, +)), outputChannels: block.outputChannels))
  }

  private static func convolution(_ block: ConvolutionBlock, _ price: MemoryPrice) -> Operation {
    let method = ConvolutionMethod.cheapest(
      window: block.window, inputChannels: block.sources.reduce(0, +), outputChannels: block.outputChannels,
      price: price)
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
    case .slabwise(let both): both.packedWeights
    case .head(let head): head.packedWeights
    }
  }

  var scratch: ScratchNeed {
    switch self {
    case .first(let convolution), .direct(let convolution): convolution.scratch
    case .winograd(let convolution): convolution.scratch
    case .upsampling(let upsampling): upsampling.scratch
    case .slabwise(let both): both.scratch
    case .head(let head): head.scratch
    }
  }

  /// Parts of the statistics; 0 where there are none.
  var parts: Int {
    switch self {
    case .first(let convolution), .direct(let convolution): convolution.parts
    case .winograd(let convolution): convolution.parts
    case .slabwise(let both): both.parts
    case .upsampling, .head: 0
    }
  }

  /// Names the way in which `pack` lays weights out.
  var packing: String {
    switch self {
    case .first: "first"
    case .direct: "direct"
    case .winograd, .slabwise: method
    case .upsampling: "upsampling"
    case .head: "head"
    }
  }

  /// The method's name in tables, such as `F(4,4,4)`.
  var method: String {
    switch self {
    case .first, .direct: "direct"
    case .winograd(let convolution):
      [convolution.upsampledTransform, convolution.transform].compactMap { $0?.description }.joined(separator: " + ")
    case .slabwise(let both): "products, " + both.convolution.transform.description
    case .upsampling, .head: "products"
    }
  }

  /// Of the convolution, where it is computed slab by slab.
  var slab: (planes: Int, beyond: Int)? {
    switch self {
    case .winograd(let convolution): convolution.slab
    case .slabwise(let both): both.convolution.slab
    case .first, .direct, .upsampling, .head: nil
    }
  }
}

extension BlockedUpsampling {
  fileprivate init(_ plain: Upsampling) {
    self.init(
      input: plain.input, factor: plain.factor, inputChannels: plain.inputChannels, outputChannels: plain.outputChannels
    )
  }
}

internal import Kernels
internal import ModelPlans
internal import UNet

/// A described network as the steps of its training, in the order of the forward pass, with the tensors between them and their places in
/// a sample's memory. It depends on the description, the batch size and what is computed again alone; everything is 3D here: a 2D network is
/// one with z = 1.
///
/// Of each block one tensor is kept, the convolution's output: normalisation and activation are made again while others read it. On the way
/// back a block's gradient changes in place from that of the activation to that of the convolution's output. Tensors that aren't kept until
/// then are computed again before somebody reads them there, into tensors of their own.
struct TrainingProgram {
  /// Index into `tensors`.
  typealias TensorIndex = Int

  /// A gradient that a step writes: a range of blocks of a gradient tensor.
  struct GradientPlace: Hashable {
    let tensor: TensorIndex
    let firstBlock: Int
  }

  enum Forward {
    /// Reads the patch.
    case first(DirectConvolution)
    case direct(DirectConvolution)
    case winograd(WinogradConvolution)
  }

  enum Backward {
    /// Nobody asks for the gradient of the patch.
    case none
    /// Overwrites.
    case plain(InputGradient)
    /// Adds.
    case strided(StridedInputGradient)
  }

  struct Block {
    let forward: Forward
    let weights: WeightGradient
    let normalization: NormalizationGradient
    let backward: Backward
  }

  enum Operation {
    case block(Block)
    case upsampling(BlockedUpsampling, UpsamplingGradient, WeightGradient)
    case head(BlockedHead, HeadGradient, scale: Int)
  }

  struct Step {
    let layer: NetworkLayer
    let operation: Operation
    /// Tensors of the way there; none for the patch. On the way back they are read in `TrainingProgram.kept`.
    let inputs: [TensorIndex]
    /// The tensor that it makes; a head's is the logits.
    let output: TensorIndex
    /// The gradient of `output`; `nil` for a head, whose logits become it in place.
    var outputGradient: GradientPlace?
    /// The gradient that it makes of its inputs, those one after the other.
    var inputGradient: GradientPlace?
    /// A head's gradient is added where something else has been there before.
    var isAdding = false
  }

  struct Tensor {
    let channels: Int
    let extent: SIMD3<Int>
    /// Whether its values wait for normalisation and activation.
    let isPending: Bool
    /// Where its `NormalizedChannels` lie among those of a sample, in floats.
    let vectors: Int
    /// Whether it is `[class][voxel]` rather than blocked.
    var isPlanar = false

    var paddedChannels: Int { BlockedTensor.blocks(channels) * BlockedTensor.lanes }
    var floats: Int {
      isPlanar
        ? ArenaPlan.aligned(channels * voxels(extent)) : BlockedTensor.floats(channels: channels, extent: extent)
    }
  }

  /// Something that happens on the way back, to a step by its number.
  enum Event: Hashable {
    /// Its output is computed again.
    case again(Int)
    /// Its gradients are computed.
    case back(Int)
  }

  let description: NetworkDescription
  let recomputation: Recomputation
  /// Of the patch, `[z, y, x]`.
  let extent: SIMD3<Int>
  let slope: Float
  let steps: [Step]
  let wayBack: [Event]
  /// Where each tensor of the way there is found on the way back: itself, or what was computed again.
  let kept: [TensorIndex]
  /// Tensors of the way there, those that are computed again, then gradients.
  let tensors: [Tensor]
  /// Of one sample.
  let arena: ArenaPlan
  /// Floats of the `NormalizedChannels` of one sample.
  let vectorFloats: Int

  /// - Throws: `GradientsError.unsupportedNetwork`, or what `checkExecutable` finds.
  init(_ description: NetworkDescription, batch: Int, recomputation: Recomputation = .none) throws {
    try description.checkExecutable()
    slope = try Self.slope(description)
    self.description = description
    self.recomputation = recomputation
    var builder = TrainingProgramBuilder(description, slope: slope, batch: batch, recomputation: recomputation)
    extent = builder.extents[0]
    builder.build()
    steps = builder.steps
    wayBack = builder.wayBack
    kept = builder.kept
    tensors = builder.tensors
    vectorFloats = builder.vectorFloats
    arena = ArenaPlan(zip(tensors, builder.lives).map { .init(floats: $0.floats, steps: $1) })
  }

  private static func slope(_ description: NetworkDescription) throws -> Float {
    let block = description.block
    guard description.residual == nil, block.normalization == .instance, block.order == .normalizationFirst,
      case .leakyReLU(let slope) = block.activation
    else { throw GradientsError.unsupportedNetwork("it has other blocks") }
    guard description.finalActivation == .softmax, description.outputChannels > 1 else {
      throw GradientsError.unsupportedNetwork("it predicts regions, not classes")
    }
    guard !description.headHasBias else { throw GradientsError.unsupportedNetwork("its heads have biases") }
    guard description.poolings > 0 else { throw GradientsError.unsupportedNetwork("it has one level only") }
    return slope
  }
}

/// Collects steps and how long their tensors live: forward steps count from 0, the events of the way back go on from there.
private struct TrainingProgramBuilder {
  let description: NetworkDescription
  let slope: Float
  let batch: Int
  let recomputation: Recomputation
  let price: MemoryPrice
  /// Of each level, `[z, y, x]`.
  let extents: [SIMD3<Int>]
  var steps: [TrainingProgram.Step] = []
  var tensors: [TrainingProgram.Tensor] = []
  var lives: [ClosedRange<Int>] = []
  var vectorFloats = 0
  var wayBack: [TrainingProgram.Event] = []
  var kept: [Int] = []
  /// Tensors that aren't kept until the way back.
  private var dropped: Set<Int> = []
  /// When the way back comes to each step.
  private var backTimes: [Int] = []

  init(_ description: NetworkDescription, slope: Float, batch: Int, recomputation: Recomputation) {
    self.description = description
    self.slope = slope
    self.batch = batch
    self.recomputation = recomputation
    price = MemoryPrice(.fast, description)
    var extents = [threeAxes(description.patch)]
    for stride in description.strides {
      let (last, stride) = (extents[extents.count - 1], threeAxes(stride))
      extents.append(SIMD3(last[0] / stride[0], last[1] / stride[1], last[2] / stride[2]))
    }
    self.extents = extents
  }

  mutating func build() {
    let scales = DeepSupervision(description).weights.count
    var current: Int?
    var skips: [Int] = []
    for level in 0...description.poolings {
      let layers = description.encoder(level: level)
      for (number, layer) in layers.enumerated() {
        // The skip connection has another reader, which comes first on the way back.
        let output = block(layer, inputs: current.map { [$0] } ?? [], addsBack: level > 0 && number == 0)
        drop(output, isCoarse: level > 0, isInner: number < layers.count - 1)
        current = output
      }
      skips.append(current!)  // a level has blocks, `checkExecutable` says
    }
    for level in (0..<description.poolings).reversed() {
      let upsampled = upsampling(description.upsampling(to: level), input: current!)
      drop(upsampled, isCoarse: level > 0)
      var inputs = [upsampled, skips[level]]
      for layer in description.decoder(level: level) {
        inputs = [block(layer, inputs: inputs)]
        drop(inputs[0], isCoarse: level > 0)
      }
      current = inputs[0]
      if level < scales { head(description.head(level: level), input: inputs[0], scale: level) }
    }
    planWayBack()
    placeGradients()
  }

  /// - Parameters:
  ///   - isCoarse: whether it is of a level below the full resolution.
  ///   - isInner: whether the same level's encoder alone reads it.
  private mutating func drop(_ tensor: Int, isCoarse: Bool, isInner: Bool = false) {
    let isDropped =
      switch recomputation {
      case .none: false
      case .encoder: isInner
      case .coarseLevels: isInner || isCoarse
      }
    if isDropped { dropped.insert(tensor) }
  }

  /// The steps in reverse, and before each what must be computed again for it. Whoever reads a tensor reads it again on the way back, and who
  /// made it needs it there: so long it lives.
  private mutating func planWayBack() {
    let maker = Dictionary(uniqueKeysWithValues: steps.indices.map { (steps[$0].output, $0) })
    kept = Array(tensors.indices)
    backTimes = [Int](repeating: 0, count: steps.count)
    var begins: [Int: Int] = [:]  // when it is computed again, by the step that does
    for number in steps.indices.reversed() {
      var needed = steps[number].inputs + [steps[number].output]
      var missing: [Int] = []
      while let tensor = needed.popLast() {
        guard dropped.contains(tensor), let step = maker[tensor], begins[step] == nil, !missing.contains(step) else {
          continue
        }
        missing.append(step)
        needed += steps[step].inputs
      }
      for step in missing.sorted() {
        begins[step] = steps.count + wayBack.count
        wayBack.append(.again(step))
      }
      backTimes[number] = steps.count + wayBack.count
      wayBack.append(.back(number))
    }
    for (number, step) in steps.enumerated() {
      let tensor = tensors[step.output]
      if let begin = begins[number] {
        kept[step.output] = tensors.count
        tensors.append(tensor)
        lives.append(begin...backTimes[number])
      } else if case .upsampling = step.operation {
        // Its maker doesn't need it on the way back.
        let readers = steps.indices.filter { steps[$0].inputs.contains(step.output) }
        lives[step.output] = number...backTimes[readers[0]]
      } else {
        lives[step.output] = number...backTimes[number]
      }
    }
  }

  private mutating func add(
    channels: Int, extent: SIMD3<Int>, isPending: Bool = false, isPlanar: Bool = false, life: ClosedRange<Int>
  ) -> Int {
    tensors.append(
      .init(channels: channels, extent: extent, isPending: isPending, vectors: vectorFloats, isPlanar: isPlanar))
    if isPending { vectorFloats += NormalizedChannels.vectors * tensors[tensors.count - 1].paddedChannels }
    lives.append(life)
    return tensors.count - 1
  }

  private mutating func append(
    _ layer: NetworkLayer, _ operation: TrainingProgram.Operation, inputs: [Int], channels: Int, extent: SIMD3<Int>,
    isPending: Bool = false, isPlanar: Bool = false
  ) -> Int {
    let number = steps.count
    for input in inputs { lives[input] = lives[input].lowerBound...number }
    let output = add(
      channels: channels, extent: extent, isPending: isPending, isPlanar: isPlanar, life: number...number)
    steps.append(.init(layer: layer, operation: operation, inputs: inputs, output: output))
    return output
  }

  /// - Parameter addsBack: whether the gradient of its input is added to what is there.
  private mutating func block(_ layer: NetworkLayer, inputs: [Int], addsBack: Bool = false) -> Int {
    let stride = threeAxes(layer.stride)
    let window = ConvolutionWindow(
      input: extents[layer.level] &* stride, kernel: threeAxes(layer.kernel), stride: stride)
    let sources = inputs.map { tensors[$0].channels }
    let outputs = layer.outputChannels
    let normalization = NormalizationGradient(channels: outputs, voxels: window.outputCount, slope: slope)
    let block: TrainingProgram.Block
    if inputs.isEmpty {
      let source = DirectConvolution.Source.planes(layer.inputChannels)
      block = .init(
        forward: .first(DirectConvolution(window: window, source: source, outputChannels: outputs)),
        weights: WeightGradient(window: window, source: source, outputChannels: outputs),
        normalization: normalization, backward: .none)
    } else {
      let transform = TrainingMethod.transform(
        window: window, inputChannels: layer.inputChannels, outputChannels: outputs, price: price, batch: batch)
      let forward: TrainingProgram.Forward =
        if let transform {
          .winograd(
            WinogradConvolution(window: window, sources: sources, outputChannels: outputs, transform: transform))
        } else {
          .direct(DirectConvolution(window: window, source: .tensors(sources), outputChannels: outputs))
        }
      let backward: TrainingProgram.Backward
      if !addsBack {
        let back = TrainingMethod.transform(
          window: window, inputChannels: outputs, outputChannels: layer.inputChannels, price: price, batch: batch)
        backward = .plain(
          InputGradient(window: window, sources: sources, outputChannels: outputs, transform: back))
      } else {
        backward = .strided(
          StridedInputGradient(window: window, inputChannels: layer.inputChannels, outputChannels: outputs))
      }
      block = .init(
        forward: forward,
        weights: WeightGradient(window: window, source: .tensors(sources), outputChannels: outputs),
        normalization: normalization, backward: backward)
    }
    return append(
      layer, .block(block), inputs: inputs, channels: outputs, extent: window.output, isPending: true)
  }

  private mutating func upsampling(_ layer: NetworkLayer, input: Int) -> Int {
    let factor = threeAxes(layer.stride)
    let upsampling = BlockedUpsampling(
      input: tensors[input].extent, factor: factor, inputChannels: layer.inputChannels,
      outputChannels: layer.outputChannels)
    return append(
      layer, .upsampling(upsampling, UpsamplingGradient(upsampling), WeightGradient(upsampling)), inputs: [input],
      channels: layer.outputChannels, extent: upsampling.output)
  }

  private mutating func head(_ layer: NetworkLayer, input: Int, scale: Int) {
    let extent = tensors[input].extent
    let head = BlockedHead(extent: extent, inputChannels: layer.inputChannels, classes: layer.outputChannels)
    let gradient = HeadGradient(
      inputChannels: layer.inputChannels, classes: layer.outputChannels, voxels: voxels(extent))
    _ = append(
      layer, .head(head, gradient, scale: scale), inputs: [input], channels: layer.outputChannels, extent: extent,
      isPlanar: true)
  }

  /// Gives each tensor's gradient a place: from the way back of its last reader to that of its maker. The gradients of a
  /// concatenation lie one after the other.
  private mutating func placeGradients() {
    var places: [Int: TrainingProgram.GradientPlace] = [:]  // by forward tensor
    let maker = Dictionary(uniqueKeysWithValues: steps.indices.map { (steps[$0].output, $0) })
    for number in steps.indices.reversed() {
      let time = backTimes[number]
      let inputs = steps[number].inputs
      if case .head = steps[number].operation {} else { steps[number].outputGradient = places[steps[number].output] }
      guard let first = inputs.first else { continue }
      if places[first] == nil {
        let channels = inputs.reduce(0) { $0 + tensors[$1].paddedChannels }
        let end = inputs.compactMap { maker[$0] }.map { backTimes[$0] }.max() ?? time
        let tensor = add(channels: channels, extent: tensors[first].extent, life: time...end)
        var block = 0
        for input in inputs {
          places[input] = .init(tensor: tensor, firstBlock: block)
          block += BlockedTensor.blocks(tensors[input].channels)
        }
      } else {
        steps[number].isAdding = true
      }
      steps[number].inputGradient = places[first]
    }
  }
}

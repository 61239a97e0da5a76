internal import Kernels
internal import ModelPlans

/// A described network as the steps that the `blas` executor takes, in order, with the tensors between them and their places
/// in one arena. It depends on the description alone; the weights are apart.
///
/// Everything is 3D here: a 2D network is one with z = 1.
struct NetworkProgram {
  /// Index into `tensors`.
  typealias TensorIndex = Int

  enum Operation {
    /// The residual is added before the activation.
    case block(ConvolutionBlock, residual: TensorIndex?, output: TensorIndex)
    case upsampling(Upsampling, output: TensorIndex)
    /// Its output is the caller's.
    case head(SegmentationHead)
  }

  struct Step {
    let layer: NetworkLayer
    let operation: Operation
    let inputs: [TensorIndex]
  }

  let description: NetworkDescription
  /// Of the patch, `[z, y, x]`.
  let extent: SIMD3<Int>
  let steps: [Step]
  let tensors: [ArenaPlan.Tensor]
  let arena: ArenaPlan
  /// The tensor of the input, channels-last; written before step 0.
  let input: TensorIndex = 0

  init(_ description: NetworkDescription) throws {
    try description.checkExecutable()
    self.description = description
    var builder = ProgramBuilder(description)
    extent = builder.extents[0]

    var current = builder.input
    var skips: [TensorIndex] = []
    for level in 0...description.poolings {
      current = builder.blocks(description.encoder(level: level), inputs: [current])
      skips.append(current)
    }
    for level in (0..<description.poolings).reversed() {
      let upsampled = builder.upsampling(description.upsampling(to: level), input: current)
      // Upsampled first, as torch.cat has them.
      current = builder.blocks(description.decoder(level: level), inputs: [upsampled, skips[level]])
    }
    builder.head(description.head(level: 0), input: current)

    steps = builder.steps
    tensors = builder.tensors
    arena = ArenaPlan(tensors)
  }
}

/// Collects steps and how long their tensors live.
private struct ProgramBuilder {
  let description: NetworkDescription
  /// Of each level, `[z, y, x]`.
  let extents: [SIMD3<Int>]
  let input = 0
  var steps: [NetworkProgram.Step] = []
  var tensors: [ArenaPlan.Tensor]
  private var channels: [Int]

  init(_ description: NetworkDescription) {
    self.description = description
    var extents = [threeAxes(description.patch)]
    for stride in description.strides { extents.append(extents[extents.count - 1] / threeAxes(stride)) }
    self.extents = extents
    tensors = [.init(floats: description.inputChannels * voxels(extents[0]), steps: 0...0)]
    channels = [description.inputChannels]
  }

  /// Blocks one after the other; those of a residual block as its parts say.
  /// - Parameter inputs: of the first one.
  mutating func blocks(_ layers: [NetworkLayer], inputs: [Int]) -> Int {
    var inputs = inputs
    var residual: Int?
    for layer in layers {
      switch layer.residualPart {
      case nil:
        inputs = [block(layer, inputs: inputs)]
      case .shortcut:
        residual = block(layer, inputs: inputs)
      case .first:
        residual = residual ?? inputs[0]
        inputs = [block(layer, inputs: inputs)]
      case .second:
        inputs = [block(layer, inputs: inputs, residual: residual)]
        residual = nil
      }
    }
    return inputs[0]
  }

  private mutating func block(_ layer: NetworkLayer, inputs: [Int], residual: Int? = nil) -> Int {
    let stride = threeAxes(layer.stride)
    let window = ConvolutionWindow(
      input: extents[layer.level] &* stride, kernel: threeAxes(layer.kernel), stride: stride)
    let operation = ConvolutionBlock(
      window: window, sources: inputs.map { channels[$0] }, outputChannels: layer.outputChannels)
    if let residual { use([residual]) }
    return append(layer, inputs: inputs) { .block(operation, residual: residual, output: $0) }
  }

  mutating func upsampling(_ layer: NetworkLayer, input: Int) -> Int {
    let factor = threeAxes(layer.stride)
    let operation = Upsampling(
      input: extents[layer.level] / factor, factor: factor, inputChannels: layer.inputChannels,
      outputChannels: layer.outputChannels)
    return append(layer, inputs: [input]) { .upsampling(operation, output: $0) }
  }

  mutating func head(_ layer: NetworkLayer, input: Int) {
    let operation = SegmentationHead(
      extent: extents[layer.level], inputChannels: layer.inputChannels, classes: layer.outputChannels)
    use([input])
    steps.append(.init(layer: layer, operation: .head(operation), inputs: [input]))
  }

  /// Adds a step with an output of its own.
  private mutating func append(
    _ layer: NetworkLayer, inputs: [Int], _ operation: (_ output: Int) -> NetworkProgram.Operation
  ) -> Int {
    use(inputs)
    let output = tensors.count
    tensors.append(
      .init(floats: layer.outputChannels * voxels(extents[layer.level]), steps: steps.count...steps.count))
    channels.append(layer.outputChannels)
    steps.append(.init(layer: layer, operation: operation(output), inputs: inputs))
    return output
  }

  /// The next step reads these tensors.
  private mutating func use(_ inputs: [Int]) {
    for input in inputs { tensors[input].steps = tensors[input].steps.lowerBound...steps.count }
  }
}

/// `[z, y, x]` of a 3D network's axes, or `[1, y, x]` of a 2D network's.
package func threeAxes(_ axes: [Int]) -> SIMD3<Int> {
  axes.count == 2 ? SIMD3(1, axes[0], axes[1]) : SIMD3(axes[0], axes[1], axes[2])
}

package func voxels(_ extent: SIMD3<Int>) -> Int { extent[0] * extent[1] * extent[2] }

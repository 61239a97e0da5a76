internal import CKernels

/// A convolution tap by tap, for what Winograd's method doesn't cover: kernels of 1, strides of single axes, the first layer with
/// its few channels.
///
/// A few lines of output are computed at a time. The input lines that they see are copied, normalised, activated and padded, to
/// scratch; then neighbouring outputs of a line are neighbouring rows there and each tap is an offset: no im2col.
public struct DirectConvolution: Sendable {
  /// What the input is.
  public enum Source: Hashable, Sendable {
    /// The patch, planes `[channel][z][y][x]` as the caller has them, flipped while they are read.
    case planes(Int)
    /// Blocked tensors with these channels, concatenated.
    case tensors([Int])
  }

  public let window: ConvolutionWindow
  public let source: Source
  public let outputChannels: Int
  /// Input channels that lie next to each other under a tap are 16 for tensors; for planes it is the line that lies so, and
  /// three taps of x are one.
  private let inputs: BlockedChannels

  public init(window: ConvolutionWindow, source: Source, outputChannels: Int) {
    self.window = window
    self.source = source
    self.outputChannels = outputChannels
    switch source {
    case .planes: inputs = BlockedChannels([])
    case .tensors(let channels): inputs = BlockedChannels(channels)
    }
  }

  private var outputBlocks: Int { BlockedTensor.blocks(outputChannels) }
  /// Planes or blocks.
  private var inputParts: Int {
    switch source {
    case .planes(let channels): channels
    case .tensors: inputs.blocks
    }
  }
  private var isPlanar: Bool { inputParts > 0 && inputs.blocks == 0 }
  /// Floats of a voxel in scratch.
  private var lanes: Int { isPlanar ? 1 : BlockedTensor.lanes }
  /// Taps of a product: those of x are adjacent floats for planes.
  private var taps: Int { inputParts * window.kernel[0] * window.kernel[1] * (isPlanar ? 1 : window.kernel[2]) }
  private var inner: Int { isPlanar ? window.kernel[2] : BlockedTensor.lanes }

  /// Lines of output of one item: enough outputs to make the copies worth while.
  private var lines: Int { min(window.output[1], max(1, Self.itemVoxels / window.output[2])) }
  private static let itemVoxels = 256
  private var lineGroups: Int { (window.output[1] + lines - 1) / lines }
  private var paddedWidth: Int { window.input[2] + 2 * (window.kernel[2] / 2) }
  /// Input lines under an item's, for each kernel z.
  private var scratchLines: Int { (lines - 1) * window.stride[1] + window.kernel[1] }

  /// Parts of the statistics.
  public var parts: Int { window.output[0] * lineGroups }

  /// Panels of one item: where there are few voxels, output channels are shared out too, and each item copies its input anew.
  private var panelsOfAnItem: Int { parts < Self.enoughParts ? min(Self.fewPanels, outputBlocks) : outputBlocks }
  private static let enoughParts = 8
  private static let fewPanels = 8
  /// Panels whose weights stay near while all lines of an item take them.
  private static let panelsAtOnce = 2

  public var packedWeights: Int { outputBlocks * BlockedTensor.lanes * taps * inner }

  public var scratch: ScratchNeed {
    ScratchNeed(perWorker: inputParts * window.kernel[0] * scratchLines * paddedWidth * lanes)
  }

  /// Lays the weights out as the products take them: `[panel][plane or block][kz][ky][kx][channel of the block][16]`.
  /// - Parameters:
  ///   - weights: `[output channel][input channel][kernel z][kernel y][kernel x]`, as nnU-Net stores them.
  ///   - packed: `packedWeights` floats, aligned to 64 bytes.
  public func pack(_ weights: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>, pool: ComputePool) {
    let width = BlockedTensor.lanes
    let kernel = window.kernel[0] * window.kernel[1] * window.kernel[2]
    let channels = isPlanar ? inputParts : inputs.places.count
    let panelFloats = taps * inner * width
    pool.forEach(outputBlocks) { panel, _ in
      let target = packed + panel * panelFloats
      target.update(repeating: 0, count: panelFloats)
      for output in panel * width..<min((panel + 1) * width, outputChannels) {
        for channel in 0..<channels {
          for tap in 0..<kernel {
            let row =
              isPlanar
              ? channel * kernel + tap
              : (inputs.places[channel] / width * kernel + tap) * width + inputs.places[channel] % width
            target[row * width + output % width] = weights[(output * channels + channel) * kernel + tap]
          }
        }
      }
    }
  }

  /// Convolves blocked tensors. Parameters as for `WinogradConvolution.run`.
  public func run(
    _ tensors: [BlockedTensor], weights: UnsafePointer<Float>, output: BlockedTensor, moments: PartMoments,
    scratch: LayerScratch, pool: ComputePool, kernels: BlockedKernels = .best
  ) {
    let blocks = InputBlock.list(tensors)
    run(weights: weights, output: output, moments: moments, scratch: scratch, pool: pool, kernels: kernels) {
      part, line, target in
      kernels.load(
        blocks[part], first: line * window.input[2], count: window.input[2], into: target, stride: BlockedTensor.lanes)
    }
  }

  /// Convolves a patch.
  /// - Parameters:
  ///   - patch: `[channel][z][y][x]`.
  ///   - mirrored: axes along which it is flipped first.
  ///   - weights, output, moments, scratch: as for `WinogradConvolution.run`.
  public func run(
    patch: UnsafePointer<Float>, mirrored: MirroredAxes, weights: UnsafePointer<Float>, output: BlockedTensor,
    moments: PartMoments, scratch: LayerScratch, pool: ComputePool, kernels: BlockedKernels = .best
  ) {
    let extent = window.input
    run(weights: weights, output: output, moments: moments, scratch: scratch, pool: pool, kernels: kernels) {
      part, line, target in
      let z = mirrored.z ? extent[0] - 1 - line / extent[1] : line / extent[1]
      let y = mirrored.y ? extent[1] - 1 - line % extent[1] : line % extent[1]
      let source = patch + ((part * extent[0] + z) * extent[1] + y) * extent[2]
      if mirrored.x {
        for x in 0..<extent[2] { target[x] = source[extent[2] - 1 - x] }
      } else {
        target.update(from: source, count: extent[2])
      }
    }
  }

  /// - Parameter copyLine: brings one input line, `z * extent y + y`, of a plane or block to scratch.
  private func run(
    weights: UnsafePointer<Float>, output: BlockedTensor, moments: PartMoments, scratch: LayerScratch,
    pool: ComputePool, kernels: BlockedKernels,
    _ copyLine: (_ part: Int, _ line: Int, _ target: UnsafeMutablePointer<Float>) -> Void
  ) {
    let offsets = tapOffsets
    let width = window.output[2]
    let panelGroups = (outputBlocks + panelsOfAnItem - 1) / panelsOfAnItem
    pool.forEach(parts * panelGroups) { item, worker in
      let part = item / panelGroups
      let firstPanel = item % panelGroups * panelsOfAnItem
      let panels = firstPanel..<min(firstPanel + panelsOfAnItem, outputBlocks)
      let z = part / lineGroups
      let first = part % lineGroups * lines
      let count = min(lines, window.output[1] - first)
      let copies = scratch.floats(worker: worker)
      copy(z: z, y: first, lines: count, into: copies, copyLine)
      let start = (z * window.output[1] + first) * width
      offsets.withUnsafeBufferPointer { offsets in
        for panel in stride(from: panels.lowerBound, to: panels.upperBound, by: Self.panelsAtOnce) {
          for line in 0..<count {
            kernels.multiply(
              tessera_product(
                a: copies + line * window.stride[1] * paddedWidth * lanes, a_row: window.stride[2] * lanes,
                offsets: offsets.baseAddress, taps: taps, inner: inner,
                weights: weights + panel * taps * inner * BlockedTensor.lanes,
                c: output.block(panel) + (start + line * width) * BlockedTensor.lanes, c_row: BlockedTensor.lanes,
                c_panel: output.blockFloats, rows: width, panels: min(Self.panelsAtOnce, panels.upperBound - panel),
                past_caches: 0, soon: nil))
          }
        }
      }
      withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * BlockedTensor.lanes) { memory in
        guard let means = memory.baseAddress else { return }
        let deviations = means + BlockedTensor.lanes
        for block in panels {
          kernels.activations.rowStatistics(
            output.block(block) + start * BlockedTensor.lanes, count: count * width, channels: BlockedTensor.lanes,
            stride: BlockedTensor.lanes, mean: means, deviations: deviations)
          moments.record(part: part, block: block, count: count * width) { (means[$0], deviations[$0]) }
        }
      }
    }
  }

  /// Scratch is `[plane or block][kz][line][padded x][lane]`.
  private var tapOffsets: [Int] {
    var offsets: [Int] = []
    for part in 0..<inputParts {
      for kz in 0..<window.kernel[0] {
        for ky in 0..<window.kernel[1] {
          let line = (part * window.kernel[0] + kz) * scratchLines + ky
          for kx in 0..<(isPlanar ? 1 : window.kernel[2]) { offsets.append((line * paddedWidth + kx) * lanes) }
        }
      }
    }
    return offsets
  }

  /// Copies the input lines under the output lines `y ..< y + lines` of plane z, zeros around them.
  private func copy(
    z: Int, y: Int, lines: Int, into copies: UnsafeMutablePointer<Float>,
    _ copyLine: (_ part: Int, _ line: Int, _ target: UnsafeMutablePointer<Float>) -> Void
  ) {
    let padding = window.kernel &>> 1
    let needed = (lines - 1) * window.stride[1] + window.kernel[1]
    for part in 0..<inputParts {
      for kz in 0..<window.kernel[0] {
        for line in 0..<needed {
          let target = copies + ((part * window.kernel[0] + kz) * scratchLines + line) * paddedWidth * lanes
          let inZ = z * window.stride[0] + kz - padding[0]
          let inY = y * window.stride[1] + line - padding[1]
          guard inZ >= 0, inZ < window.input[0], inY >= 0, inY < window.input[1] else {
            target.update(repeating: 0, count: paddedWidth * lanes)
            continue
          }
          target.update(repeating: 0, count: padding[2] * lanes)
          (target + (padding[2] + window.input[2]) * lanes).update(repeating: 0, count: padding[2] * lanes)
          copyLine(part, inZ * window.input[1] + inY, target + padding[2] * lanes)
        }
      }
    }
  }
}

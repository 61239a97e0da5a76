internal import CKernels

/// A transposed convolution whose stride equals its kernel, without bias, on blocked tensors: for each tap a product of the
/// input's voxels with the tap's weights, written where the tap belongs.
public struct BlockedUpsampling: Sendable {
  /// Extent of the input, `[z, y, x]`.
  public let input: SIMD3<Int>
  /// Kernel and stride, 1 or 2 per axis.
  public let factor: SIMD3<Int>
  public let inputChannels: Int
  public let outputChannels: Int

  public init(input: SIMD3<Int>, factor: SIMD3<Int>, inputChannels: Int, outputChannels: Int) {
    self.input = input
    self.factor = factor
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
  }

  public var output: SIMD3<Int> { input &* factor }

  private static let lanes = BlockedTensor.lanes
  /// Voxels of an item: enough for the products, few enough for the second-level cache.
  private static let itemVoxels = 64
  private static let enoughItems = 32

  private var inputBlocks: Int { BlockedTensor.blocks(inputChannels) }
  private var outputBlocks: Int { BlockedTensor.blocks(outputChannels) }
  /// (kernel z, kernel y) pairs.
  private var tapRows: Int { factor[0] * factor[1] }
  /// Input lines of an item.
  private var lines: Int { min(input[0] * input[1], max(1, Self.itemVoxels / input[2])) }
  /// Floats of one tap's weights.
  private var tapFloats: Int { inputBlocks * outputBlocks * Self.lanes * Self.lanes }

  public var packedWeights: Int { tapRows * factor[2] * tapFloats }

  /// Whether products go straight to the output, a line of the input at a time. Short lines don't keep the products busy: several
  /// are multiplied together and then copied.
  private var isDirect: Bool { input[2] >= Self.longLine }
  private static let longLine = 16

  public var scratch: ScratchNeed {
    ScratchNeed(perWorker: lines * input[2] * Self.lanes * (inputBlocks + (isDirect ? 0 : factor[2] * outputBlocks)))
  }

  /// Lays the weights out as `[kz][ky][kx][panel][input channel][16]`.
  /// - Parameters:
  ///   - weights: `[input channel][output channel][kernel z][kernel y][kernel x]`, as nnU-Net stores them.
  ///   - packed: `packedWeights` floats, aligned to 64 bytes.
  public func pack(_ weights: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>, pool: ComputePool) {
    let taps = tapRows * factor[2]
    pool.forEach(taps) { tap, _ in
      let target = packed + tap * tapFloats
      target.update(repeating: 0, count: tapFloats)
      for channel in 0..<inputChannels {
        for out in 0..<outputChannels {
          let row = out / Self.lanes * inputBlocks * Self.lanes + channel
          target[row * Self.lanes + out % Self.lanes] = weights[(channel * outputChannels + out) * taps + tap]
        }
      }
    }
  }

  /// - Parameters:
  ///   - source: of the extent `input`.
  ///   - weights: from `pack`.
  ///   - target: of the extent `output`, overwritten; doesn't overlap `source`.
  ///   - planes: of the input, those whose outputs are wanted; `nil` for all.
  public func run(
    _ source: BlockedTensor, weights: UnsafePointer<Float>, target: BlockedTensor, planes: Range<Int>? = nil,
    scratch: LayerScratch, pool: ComputePool, kernels: BlockedKernels = .best
  ) {
    let wanted = planes.map { $0.lowerBound * input[1]..<$0.upperBound * input[1] } ?? 0..<input[0] * input[1]
    let lineGroups = (wanted.count + lines - 1) / lines
    let blocks = InputBlock.list([source])
    let pastCaches = LastLevelCache.isCrowded(by: target)
    // Few voxels are shared out by taps, each of which loads them anew.
    let split = lineGroups < Self.enoughItems ? tapRows : 1
    pool.forEach(lineGroups * split) { item, worker in
      let firstLine = wanted.lowerBound + item / split * lines
      let count = min(lines, wanted.upperBound - firstLine)
      let rows = scratch.floats(worker: worker)
      let products = rows + lines * input[2] * inputBlocks * Self.lanes
      for (index, block) in blocks.enumerated() {
        kernels.load(
          block, first: firstLine * input[2], count: count * input[2], into: rows + index * Self.lanes,
          stride: inputBlocks * Self.lanes)
      }
      let share = tapRows / split
      for tapRow in item % split * share..<(item % split + 1) * share {
        if isDirect {
          for kx in 0..<factor[2] {
            for line in 0..<count {
              let to = target.base + voxel(ofLine: firstLine + line, tapRow: tapRow, in: target) * Self.lanes
              multiply(
                UnsafePointer(rows) + line * input[2] * inputBlocks * Self.lanes, count: input[2], tapRow: tapRow,
                kx: kx, weights: weights, into: to, panel: target.blockFloats, pastCaches, kernels)
            }
          }
        } else {
          for kx in 0..<factor[2] {
            multiply(
              rows, count: count * input[2], tapRow: tapRow, kx: kx, weights: weights, into: products,
              panel: count * output[2] * Self.lanes, false, kernels)
          }
          scatter(products, lines: firstLine..<firstLine + count, tapRow: tapRow, into: target)
        }
      }
    }
  }

  /// The target's voxel under the first tap along x of a line of the input.
  private func voxel(ofLine line: Int, tapRow: Int, in target: BlockedTensor) -> Int {
    let z = (line / input[1] * factor[0] + tapRow / factor[1]) % target.heldPlanes
    let y = line % input[1] * factor[1] + tapRow % factor[1]
    return (z * output[1] + y) * output[2]
  }

  /// Products of one tap, written `[panel][input voxel][kx][16]`: every `factor[2]`th voxel of lines of the output.
  /// - Parameter panel: floats between two blocks of the target.
  private func multiply(
    _ rows: UnsafePointer<Float>, count: Int, tapRow: Int, kx: Int, weights: UnsafePointer<Float>,
    into target: UnsafeMutablePointer<Float>, panel: Int, _ pastCaches: Bool, _ kernels: BlockedKernels
  ) {
    var noOffset = 0
    withUnsafePointer(to: &noOffset) { noOffset in
      kernels.multiply(
        tessera_product(
          a: rows, a_row: inputBlocks * Self.lanes, offsets: noOffset, taps: 1, inner: inputBlocks * Self.lanes,
          weights: weights + (tapRow * factor[2] + kx) * tapFloats, c: target + kx * Self.lanes,
          c_row: factor[2] * Self.lanes, c_panel: panel, rows: count, panels: outputBlocks,
          past_caches: pastCaches ? 1 : 0, soon: nil))
    }
  }

  private func scatter(
    _ products: UnsafePointer<Float>, lines: Range<Int>, tapRow: Int, into target: BlockedTensor
  ) {
    let floats = output[2] * Self.lanes
    for block in 0..<outputBlocks {
      for (number, line) in lines.enumerated() {
        (target.block(block) + voxel(ofLine: line, tapRow: tapRow, in: target) * Self.lanes)
          .update(from: products + (block * lines.count + number) * floats, count: floats)
      }
    }
  }
}

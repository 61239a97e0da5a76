internal import CKernels

/// The way back through the 1x1 convolution to the classes.
public struct HeadGradient: Sendable {
  public let inputChannels: Int
  public let classes: Int
  public let voxels: Int

  public init(inputChannels: Int, classes: Int, voxels: Int) {
    self.inputChannels = inputChannels
    self.classes = classes
    self.voxels = voxels
  }

  private static let lanes = BlockedTensor.lanes
  private static let pieceVoxels = 256
  private static let mostParts = 32
  private var blocks: Int { BlockedTensor.blocks(inputChannels) }
  private var parts: Int { min(Self.mostParts, (voxels + Self.pieceVoxels - 1) / Self.pieceVoxels) }
  /// Of the padded weights, and of the sums of a part.
  private var floats: Int { classes * blocks * Self.lanes }

  public var scratch: ScratchNeed {
    ScratchNeed(shared: (parts + 1) * floats, perWorker: Self.pieceVoxels * Self.lanes)
  }

  /// - Parameters:
  ///   - source: the head's input, with what is pending on it.
  ///   - logitGradient: `[class][voxel]`.
  ///   - weights: `[class][input channel]`.
  ///   - gradient: of the weights, added to.
  ///   - sourceGradient: of the source's activation.
  ///   - adding: whether that is added to or overwritten.
  public func run(
    _ source: BlockedTensor, logitGradient: UnsafePointer<Float>, weights: UnsafePointer<Float>,
    gradient: UnsafeMutablePointer<Float>, sourceGradient: BlockedTensor, adding: Bool,
    scratch: UnsafeMutablePointer<Float>, pool: ComputePool, kernels: GradientKernels = .best
  ) {
    let room = LayerScratch(base: scratch, need: self.scratch, threads: pool.threads)
    let (parts, blocks, lanes, classes, floats) = (parts, blocks, Self.lanes, classes, floats)
    let row = blocks * lanes
    let padded = room.shared + parts * floats
    padded.update(repeating: 0, count: floats)
    for label in 0..<classes {
      (padded + label * row).update(from: weights + label * inputChannels, count: inputChannels)
    }
    let inputs = InputBlock.list([source])
    pool.forEach(parts) { part, worker in
      let copies = room.floats(worker: worker)
      let sums = room.shared + part * floats
      sums.update(repeating: 0, count: floats)
      let end = (part + 1) * voxels / parts
      for first in stride(from: part * voxels / parts, to: end, by: Self.pieceVoxels) {
        let count = min(Self.pieceVoxels, end - first)
        for block in 0..<blocks {
          kernels.blocked.load(inputs[block], first: first, count: count, into: copies, stride: lanes)
          var product = tessera_outer_product(
            a: logitGradient + first, a_plane: 0, a_line: 0, a_step: 1, a_row: voxels, b: copies, b_plane: 0,
            b_line: 0, b_step: lanes, planes: 1, lines: 1, width: count, rows: classes,
            c: sums + block * classes * lanes)
          kernels.table.pointee.outer_product(&product)
          kernels.table.pointee.spread(
            logitGradient + first, voxels, classes, padded + block * lanes, row,
            sourceGradient.block(block) + first * lanes, count, adding ? 1 : 0)
        }
      }
    }
    for label in 0..<classes {
      for channel in 0..<inputChannels {
        let place = (channel / lanes * classes + label) * lanes + channel % lanes
        var sum: Float = 0
        for part in 0..<parts { sum += room.shared[part * floats + place] }
        gradient[label * inputChannels + channel] += sum
      }
    }
  }
}

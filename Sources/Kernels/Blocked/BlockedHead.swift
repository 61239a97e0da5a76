internal import CKernels

/// The 1x1 convolution to the output channels on a blocked tensor. What becomes of the logits is `LogitTiles`' part.
public struct BlockedHead: Sendable {
  /// `[z, y, x]`.
  public let extent: SIMD3<Int>
  public let inputChannels: Int
  public let classes: Int

  public init(extent: SIMD3<Int>, inputChannels: Int, classes: Int) {
    self.extent = extent
    self.inputChannels = inputChannels
    self.classes = classes
  }

  private static let lanes = BlockedTensor.lanes
  private var tiles: LogitTiles { LogitTiles(extent: extent, classes: classes) }
  private var inputBlocks: Int { BlockedTensor.blocks(inputChannels) }
  private var panels: Int { BlockedTensor.blocks(classes) }
  /// Voxels whose products lie between the product and the planes of logits.
  private static let rowsAtOnce = 112

  public var packedWeights: Int { panels * inputBlocks * Self.lanes * Self.lanes }

  public var scratch: ScratchNeed {
    ScratchNeed(
      perWorker: (tiles.floats + Self.lanes - 1) / Self.lanes * Self.lanes
        + Self.rowsAtOnce * Self.lanes * (inputBlocks + panels))
  }

  /// Lays the weights out as `[panel][input channel][16]`.
  /// - Parameters:
  ///   - weights: `[class][input channel]`, as nnU-Net stores them.
  ///   - packed: `packedWeights` floats, aligned to 64 bytes.
  public func pack(_ weights: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>) {
    packed.update(repeating: 0, count: packedWeights)
    for label in 0..<classes {
      for channel in 0..<inputChannels {
        let row = label / Self.lanes * inputBlocks * Self.lanes + channel
        packed[row * Self.lanes + label % Self.lanes] = weights[label * inputChannels + channel]
      }
    }
  }

  /// - Parameters:
  ///   - source: of the extent.
  ///   - weights: from `pack`.
  ///   - bias, use, mirrored, output: as for `SegmentationHead.run`.
  public func run(
    _ source: BlockedTensor, weights: UnsafePointer<Float>, bias: UnsafePointer<Float>?, use: SegmentationHead.Use,
    mirrored: MirroredAxes, output: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>,
    pool: ComputePool, kernels: BlockedKernels = .best
  ) {
    let tiles = tiles
    let blocks = InputBlock.list([source])
    let room = LayerScratch(base: scratch, need: self.scratch)
    pool.forEach(tiles.count) { item, worker in
      let logits = room.floats(worker: worker)
      let rows = logits + (tiles.floats + Self.lanes - 1) / Self.lanes * Self.lanes
      let products = rows + Self.rowsAtOnce * Self.lanes * inputBlocks
      let voxels = tiles.voxels(item)
      for first in stride(from: voxels.lowerBound, to: voxels.upperBound, by: Self.rowsAtOnce) {
        let count = min(Self.rowsAtOnce, voxels.upperBound - first)
        multiply(blocks, first: first, count: count, weights: weights, rows: rows, products: products, kernels)
        for label in 0..<classes {
          let plane = logits + label * tiles.stride + first - voxels.lowerBound
          for row in 0..<count { plane[row] = products[row * panels * Self.lanes + label] }
        }
      }
      tiles.finish(
        item, logits: logits, bias: bias, use: use, mirrored: mirrored, output: output, kernels: kernels.activations)
    }
  }

  private func multiply(
    _ blocks: [InputBlock], first: Int, count: Int, weights: UnsafePointer<Float>,
    rows: UnsafeMutablePointer<Float>, products: UnsafeMutablePointer<Float>, _ kernels: BlockedKernels
  ) {
    for (index, block) in blocks.enumerated() {
      kernels.load(
        block, first: first, count: count, into: rows + index * Self.lanes, stride: inputBlocks * Self.lanes)
    }
    var noOffset = 0
    withUnsafePointer(to: &noOffset) { noOffset in
      kernels.multiply(
        tessera_product(
          a: rows, a_row: inputBlocks * Self.lanes, offsets: noOffset, taps: 1, inner: inputBlocks * Self.lanes,
          weights: weights, c: products, c_row: panels * Self.lanes, c_panel: Self.lanes, rows: count, panels: panels,
          staging: nil))
    }
  }
}

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

  public var packedWeights: Int { classes * inputBlocks * Self.lanes }

  public var scratch: ScratchNeed {
    ScratchNeed(
      perWorker: (tiles.floats + Self.lanes - 1) / Self.lanes * Self.lanes + Self.lanes * Self.lanes * inputBlocks)
  }

  /// Lays the weights out as `[class][padded input channel]`.
  /// - Parameters:
  ///   - weights: `[class][input channel]`, as nnU-Net stores them.
  ///   - packed: `packedWeights` floats, aligned to 64 bytes.
  public func pack(_ weights: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>) {
    packed.update(repeating: 0, count: packedWeights)
    for label in 0..<classes {
      (packed + label * inputBlocks * Self.lanes).update(from: weights + label * inputChannels, count: inputChannels)
    }
  }

  /// - Parameters:
  ///   - source: of the extent.
  ///   - weights: from `pack`.
  ///   - bias, use, mirrored, output: as for `SegmentationHead.run`.
  public func run(
    _ source: BlockedTensor, weights: UnsafePointer<Float>, bias: UnsafePointer<Float>?, use: SegmentationHead.Use,
    mirrored: MirroredAxes, output: UnsafeMutablePointer<Float>, scratch: LayerScratch,
    pool: ComputePool, kernels: BlockedKernels = .best
  ) {
    let tiles = tiles
    pool.forEach(tiles.count) { item, worker in
      let logits = scratch.floats(worker: worker)
      let voxels = tiles.voxels(item)
      var sums = tessera_sums(
        a: source.base + voxels.lowerBound * Self.lanes, a_block: source.blockFloats, blocks: inputBlocks,
        scale: source.pending?.scale, shift: source.pending?.shift, slope: source.pending?.slope ?? 1,
        weights: weights, outputs: classes, c: logits, c_output: tiles.stride, voxels: voxels.count,
        scratch: logits + (tiles.floats + Self.lanes - 1) / Self.lanes * Self.lanes)
      kernels.products.sums(&sums)
      tiles.finish(
        item, logits: logits, bias: bias, use: use, mirrored: mirrored, output: output, kernels: kernels.activations)
    }
  }
}

/// A convolution by Winograd's method in three steps: planes of the input are transformed along y and x; for each point of a plane, the
/// transform along z, a small product for each point that mixes the channels, and the way back along z; then planes are transformed
/// back.
///
/// Where the output has many tiles, the three steps run for one brick of tiles after the other, so that what lies between them
/// stays in the second-level cache (Gelashvili, Shavit, Zlateski: L3 fusion, arXiv 1912.02165). Where it has few, each step runs for all
/// tiles, so that all threads have work and the weights, which are large there, are read once.
///
/// Bricks depend on the layer's shape alone, never on the number of threads; so the bits don't either.
public struct WinogradConvolution: Sendable {
  public let window: ConvolutionWindow
  public let transform: WinogradTransform
  public let outputChannels: Int
  let inputs: BlockedChannels
  /// Tiles of the output, per axis.
  let tiles: SIMD3<Int>
  /// Tiles of a brick, per axis; `nil` where each step runs for all tiles.
  let brick: SIMD3<Int>?

  /// - Parameters:
  ///   - sources: channels of each input tensor, in the order of concatenation.
  ///   - transform: one that fits the window.
  public init(window: ConvolutionWindow, sources: [Int], outputChannels: Int, transform: WinogradTransform) {
    precondition(transform.fits(window), "a transform of another kind of convolution")
    self.window = window
    self.transform = transform
    self.outputChannels = outputChannels
    inputs = BlockedChannels(sources)
    tiles = transform.tiles(window.output)
    let outputs = BlockedTensor.blocks(outputChannels) * BlockedTensor.lanes
    brick = TileBrick.size(
      tiles: tiles, tileFloats: transform.pointCount * max(inputs.padded, outputs),
      weightFloats: transform.pointCount * inputs.padded * outputs)
  }

  var outputBlocks: Int { BlockedTensor.blocks(outputChannels) }
  var outputWidth: Int { outputBlocks * BlockedTensor.lanes }

  /// Items that the last of three phases shares out for each block of channels.
  var planeGroups: Int { min(window.output[0], max(1, 32 / outputBlocks)) }

  /// Parts of the statistics.
  public var parts: Int { brick.map { tiles.dividedUp(by: $0).product } ?? planeGroups }

  /// Floats of the packed weights.
  public var packedWeights: Int { transform.pointCount * outputWidth * inputs.padded }

  public var scratch: ScratchNeed {
    guard let brick else {
      let layout = TileLayout(self, box: tiles, inPlace: false)
      return ScratchNeed(shared: layout.depths, perWorker: layout.workerFloats)
    }
    return ScratchNeed(perWorker: TileLayout(self, box: brick, inPlace: true).floats)
  }

  /// Computes the convolution without bias, and its statistics.
  /// - Parameters:
  ///   - tensors: one for each source; none overlaps the output.
  ///   - weights: from `pack`.
  ///   - output: overwritten; its `pending` doesn't matter.
  ///   - moments: made for `parts`.
  public func run(
    _ tensors: [BlockedTensor], weights: UnsafePointer<Float>, output: BlockedTensor, moments: PartMoments,
    scratch: UnsafeMutablePointer<Float>, pool: ComputePool, kernels: BlockedKernels = .best
  ) {
    guard let transforms = kernels.transforms(transform) else {
      preconditionFailure("no kernels for \(transform)")  // `WinogradTransform.all` lists what there is
    }
    let work = WinogradWork(
      convolution: self, transforms: transforms, kernels: kernels, blocks: InputBlock.list(tensors), weights: weights,
      output: output, moments: moments, pastCaches: LastLevelCache.isExceeded(by: output))
    let room = LayerScratch(base: scratch, need: self.scratch)
    if let brick {
      let bricks = tiles.dividedUp(by: brick)
      pool.forEach(parts) { item, worker in
        let first = bricks.place(item) &* brick
        work.compute(
          brick: item, from: first, box: pointwiseMin(brick, tiles &- first), in: room.floats(worker: worker))
      }
    } else {
      work.computeInPhases(room, pool)
    }
  }
}

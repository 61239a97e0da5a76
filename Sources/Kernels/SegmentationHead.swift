/// The 1x1 convolution to the output channels; what becomes of the logits is `LogitTiles`' part.
public struct SegmentationHead: Sendable {
  public enum Activation: Sendable {
    case softmax
    case sigmoid
  }

  /// What to do with the logits.
  public enum Use: Sendable {
    /// Overwrite the output with them.
    case logits
    /// Add `weight` times the probabilities to the output.
    case probabilities(Activation, weight: Float)
  }

  /// `[z, y, x]`.
  public let extent: SIMD3<Int>
  public let inputChannels: Int
  public let classes: Int

  public init(extent: SIMD3<Int>, inputChannels: Int, classes: Int) {
    self.extent = extent
    self.inputChannels = inputChannels
    self.classes = classes
  }

  private var tiles: LogitTiles { LogitTiles(extent: extent, classes: classes) }

  /// Bytes that `run` takes of each worker's scratch.
  public var scratchBytes: Int { tiles.floats * 4 }

  /// - Parameters:
  ///   - source: `[z][y][x][input channel]`.
  ///   - weights: `[class][input channel]`, as nnU-Net stores them.
  ///   - bias: `[class]`, or `nil`.
  ///   - mirrored: the axes along which the source is flipped; the output is written un-flipped.
  ///   - output: `[class][z][y][x]`.
  public func run(
    source: UnsafePointer<Float>, weights: UnsafePointer<Float>, bias: UnsafePointer<Float>?, use: Use,
    mirrored: MirroredAxes, output: UnsafeMutablePointer<Float>, scratch: WorkerScratch,
    pool: ComputePool, kernels: ActivationKernels = .best
  ) {
    let tiles = tiles
    pool.forEach(tiles.count) { item, worker in
      let voxels = tiles.voxels(item)
      let logits = scratch.floats(worker: worker)
      OpenBLAS.multiply(
        rows: classes, columns: voxels.count, inner: inputChannels, a: weights, strideA: inputChannels,
        b: source + voxels.lowerBound * inputChannels, strideB: inputChannels, layoutB: .transposed, c: logits,
        strideC: tiles.stride)
      tiles.finish(
        item, logits: logits, bias: bias, use: use, mirrored: mirrored, output: output, kernels: kernels)
    }
  }
}

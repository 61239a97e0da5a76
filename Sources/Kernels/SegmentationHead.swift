/// The 1x1 convolution to the output channels, and what becomes of its logits while they are in cache: logits are never
/// stored at full resolution unless asked for.
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

  /// Lines of one tile: about a thousand voxels.
  private var tileLines: Int { min(extent[0] * extent[1], max(1, 1024 / extent[2])) }
  /// Distance of two classes in a tile's logits; a multiple of 16, for the kernels.
  private var logitStride: Int { (tileLines * extent[2] + 15) / 16 * 16 }

  /// Bytes that `run` takes of each worker's scratch.
  public var scratchBytes: Int { classes * logitStride * 4 }

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
    let lines = extent[0] * extent[1]
    let width = extent[2]
    let stride = logitStride
    pool.forEach((lines + tileLines - 1) / tileLines) { item, worker in
      let firstLine = item * tileLines
      let tile = firstLine..<min(firstLine + tileLines, lines)
      let count = tile.count * width
      let logits = scratch.floats(worker: worker)
      OpenBLAS.multiply(
        rows: classes, columns: count, inner: inputChannels, a: weights, strideA: inputChannels,
        b: source + firstLine * width * inputChannels, strideB: inputChannels, layoutB: .transposed, c: logits,
        strideC: stride)
      if let bias {
        for label in 0..<classes {
          for voxel in 0..<count { logits[label * stride + voxel] += bias[label] }
        }
      }

      var weight: Float = 1
      if case .probabilities(let activation, let factor) = use {
        weight = factor
        switch activation {
        case .softmax: kernels.softmax(logits, classes: classes, count: count, stride: stride)
        case .sigmoid: kernels.sigmoid(logits, classes: classes, count: count, stride: stride)
        }
      }
      for label in 0..<classes {
        for line in tile {
          let z = mirrored.z ? extent[0] - 1 - line / extent[1] : line / extent[1]
          let y = mirrored.y ? extent[1] - 1 - line % extent[1] : line % extent[1]
          let target = output + ((label * extent[0] + z) * extent[1] + y) * width
          if case .logits = use { target.update(repeating: 0, count: width) }
          kernels.addScaled(
            target, logits + label * stride + (line - firstLine) * width, count: width, weight: weight,
            reversed: mirrored.x)
        }
      }
    }
  }
}

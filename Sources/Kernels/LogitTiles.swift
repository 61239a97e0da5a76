/// What becomes of a head's logits while they are in cache, tile by tile: logits are never stored at full resolution unless asked
/// for. A tile is a run of whole lines.
struct LogitTiles {
  /// `[z, y, x]`.
  let extent: SIMD3<Int>
  let classes: Int

  /// Lines of one tile: about a thousand voxels.
  private var lines: Int { min(extent[0] * extent[1], max(1, 1024 / extent[2])) }
  /// Distance of two classes in a tile's logits; a multiple of 16, for the kernels.
  var stride: Int { (lines * extent[2] + 15) / 16 * 16 }
  /// Of a tile's logits.
  var floats: Int { classes * stride }
  /// Number of tiles.
  var count: Int { (extent[0] * extent[1] + lines - 1) / lines }

  private func lines(_ tile: Int) -> Range<Int> { tile * lines..<min((tile + 1) * lines, extent[0] * extent[1]) }

  /// Voxels of one tile, in raster order.
  func voxels(_ tile: Int) -> Range<Int> {
    lines(tile).lowerBound * extent[2]..<lines(tile).upperBound * extent[2]
  }

  /// - Parameters:
  ///   - logits: `[class][stride]`, without bias; overwritten.
  ///   - bias: `[class]`, or `nil`.
  ///   - mirrored: the axes along which the logits are flipped; the output is written un-flipped.
  ///   - output: `[class][z][y][x]`.
  func finish(
    _ tile: Int, logits: UnsafeMutablePointer<Float>, bias: UnsafePointer<Float>?, use: SegmentationHead.Use,
    mirrored: MirroredAxes, output: UnsafeMutablePointer<Float>, kernels: ActivationKernels
  ) {
    let count = voxels(tile).count
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

    let width = extent[2]
    let tileLines = lines(tile)
    for label in 0..<classes {
      for line in tileLines {
        let z = mirrored.z ? extent[0] - 1 - line / extent[1] : line / extent[1]
        let y = mirrored.y ? extent[1] - 1 - line % extent[1] : line % extent[1]
        let target = output + ((label * extent[0] + z) * extent[1] + y) * width
        if case .logits = use { target.update(repeating: 0, count: width) }
        kernels.addScaled(
          target, logits + label * stride + (line - tileLines.lowerBound) * width, count: width, weight: weight,
          reversed: mirrored.x)
      }
    }
  }
}

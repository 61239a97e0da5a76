internal import Kernels

/// Resizes lines along one axis.
///
/// A resize in three axes is three of these, one after another: prefilter and interpolation of one axis commute with those of
/// another. Lines are computed in float64; planes and volumes between axes are float32, which costs at most about 3e-7 of the
/// largest magnitude and halves the memory. A line's values depend on that line only, so threads can't change them.
struct AxisResampler {
  let taps: AxisTaps
  /// Whether NaN is read as 0, as nnU-Net's 3D preprocessors do.
  let replacesNaN: Bool

  /// Values of scratch memory that `run` needs.
  var scratchCount: Int { (taps.inputCount + 2 * taps.padding) * VolumeKernels.lineLanes }

  /// Resizes `count` lines.
  /// - Parameters:
  ///   - output: memory that doesn't overlap the source.
  ///   - scratch: `scratchCount` values, aligned to 64 bytes.
  func run(
    _ source: StridedLines<UnsafePointer<Float>>, count: Int, into output: StridedLines<UnsafeMutablePointer<Float>>,
    scratch: UnsafeMutablePointer<Double>
  ) {
    taps.indices.withUnsafeBufferPointer { indices in
      taps.weights.withUnsafeBufferPointer { weights in
        VolumeKernels.best.resizeLines(
          LineTaps(
            order: taps.order, inputCount: taps.inputCount, outputCount: taps.outputCount, padding: taps.padding,
            indices: indices.baseAddress!, weights: weights.baseAddress!),
          count: count, from: source, into: output, replacesNaN: replacesNaN, scratch: scratch)
      }
    }
  }
}

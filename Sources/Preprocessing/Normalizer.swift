internal import Kernels
internal import Volumes

/// Normalises one channel in place (`nnunet/preprocessing/preprocessing.py: GenericPreprocessor.resample_and_normalize`).
///
/// Values are float32 as in nnU-Net, and means and deviations have NumPy's bits (`PairwiseSum`). That matters where the deviation is
/// next to nothing: of a constant image, the rounding of the mean is all that is left to be divided.
struct Normalizer {
  /// Voxels that a thread transforms at a time.
  private static let block = 1 << 16
  /// What nnU-Net adds to a case's own standard deviation, in float64.
  private static let zScoreEpsilon = 1e-8

  let values: UnsafeMutableBufferPointer<Float>
  /// 1 inside the nonzero region, or `nil` if the channel doesn't use it.
  let mask: LabelVolume?
  let pool: ComputePool

  /// - Throws: `PreprocessingError` if there is no voxel to take statistics from, or they aren't finite.
  func run(_ scheme: NormalizationScheme, channel: Int) throws {
    switch scheme {
    case .noNorm:
      return
    case .bytes:
      forEachBlock { range, _ in
        for index in range { values[index] /= 255 }
      }
    case .ct(let lower, let upper, let mean, let sd):
      let (lower, upper, mean, sd) = (Float(lower), Float(upper), Float(mean), Float(sd))
      map { (Self.clip($0, lower, upper) - mean) / sd }
    case .ct2(let lower, let upper):
      let (lower, upper) = (Float(lower), Float(upper))
      let (mean, sd) = try statistics(channel: channel) { value, _ in value > lower && value < upper }
      guard sd > 0 else {
        throw PreprocessingError(
          .notFinite,
          """
          normalising channel \(channel) needs voxels of different values between \(lower) and \(upper), but all there are \(mean); \
          check that the image has content
          """)
      }
      map { (Self.clip($0, lower, upper) - mean) / sd }
    case .zScore:
      let marks = mask?.elements
      let (mean, sd) = try statistics(channel: channel) { _, index in marks.map { $0[index] != 0 } ?? true }
      let divisor = Float(Double(sd) + Self.zScoreEpsilon)
      map { ($0 - mean) / divisor }
    }
  }

  @inline(__always)
  private static func clip(_ value: Float, _ lower: Float, _ upper: Float) -> Float {
    value < lower ? lower : value > upper ? upper : value
  }

  /// Replaces each value by the transformed one, or by 0 outside the mask.
  @inline(__always)
  private func map(_ transform: (Float) -> Float) {
    forEachBlock { range, _ in
      if let marks = mask?.elements {
        for index in range { values[index] = marks[index] != 0 ? transform(values[index]) : 0 }
      } else {
        for index in range { values[index] = transform(values[index]) }
      }
    }
  }

  /// Mean and population standard deviation of the voxels that `counts` accepts, as NumPy 1.26 computes them of a float32 array: the
  /// sums in float32, the division of the mean in float64, but in float32 where the mean is subtracted.
  @inline(__always)
  private func statistics(channel: Int, counts: (Float, Int) -> Bool) throws -> (mean: Float, sd: Float) {
    var number = 0
    for index in 0..<values.count where counts(values[index], index) { number += 1 }
    /// The sum over the voxels that count.
    func sum(_ transform: (Float) -> Float) -> Float {
      var index = 0
      return PairwiseSum.sum(count: number) { block in
        var filled = 0
        while filled < block.count {
          let value = values[index]
          if counts(value, index) {
            block[filled] = transform(value)
            filled += 1
          }
          index += 1
        }
      }
    }
    let total = sum { $0 }
    let mean = Float(Double(total) / Double(number))
    let centre = total / Float(number)
    let squares = sum { ($0 - centre) * ($0 - centre) }
    let sd = Float(Double(squares) / Double(number)).squareRoot()
    guard mean.isFinite, sd.isFinite else {
      throw PreprocessingError(
        .notFinite,
        """
        normalising channel \(channel) needs a finite mean and standard deviation, found \(mean) and \(sd) over \(number) voxels; \
        check the image for infinite or missing values
        """)
    }
    return (mean, sd)
  }

  @inline(__always)
  private func forEachBlock(_ body: (Range<Int>, Int) -> Void) {
    pool.forEach((values.count + Self.block - 1) / Self.block) { block, _ in
      body(block * Self.block..<min((block + 1) * Self.block, values.count), block)
    }
  }
}

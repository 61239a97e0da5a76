internal import Kernels
internal import Volumes

/// Normalises one channel in place (`nnunet/preprocessing/preprocessing.py: GenericPreprocessor.resample_and_normalize`).
///
/// Values are float32 as in nnU-Net. Means and deviations are summed in float64, in blocks of fixed size and in order, so that
/// they don't depend on the threads; NumPy's float32 sums differ from them by less than 1e-6 of the result.
struct Normalizer {
  /// Voxels that are summed at a time.
  private static let block = 1 << 16
  /// What nnU-Net adds to a case's own standard deviation.
  private static let zScoreEpsilon: Float = 1e-8

  let values: UnsafeMutableBufferPointer<Float>
  /// 1 inside the nonzero region, or `nil` if the channel doesn't use it.
  let mask: LabelVolume?
  let pool: ComputePool

  /// - Throws: `PreprocessingError` if there is no voxel to take statistics from, or they aren't finite.
  func run(_ scheme: NormalizationScheme, channel: Int) throws {
    switch scheme {
    case .noNorm:
      return
    case .ct(let lower, let upper, let mean, let sd):
      let (lower, upper, mean, sd) = (Float(lower), Float(upper), Float(mean), Float(sd))
      map { (Self.clip($0, lower, upper) - mean) / sd }
    case .ct2(let lower, let upper):
      let (lower, upper) = (Float(lower), Float(upper))
      let (mean, sd) = try statistics(channel: channel) { value, _ in value > lower && value < upper }
      map { (Self.clip($0, lower, upper) - mean) / sd }
    case .zScore:
      let marks = mask?.elements
      let (mean, sd) = try statistics(channel: channel) { _, index in marks.map { $0[index] != 0 } ?? true }
      let divisor = sd + Self.zScoreEpsilon
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

  /// Mean and population standard deviation of the voxels that `counts` accepts, in two passes.
  @inline(__always)
  private func statistics(channel: Int, counts: (Float, Int) -> Bool) throws -> (mean: Float, sd: Float) {
    let blocks = (values.count + Self.block - 1) / Self.block
    let sums = VoxelStorage<Double>(uninitialized: blocks)
    let numbers = VoxelStorage<Int>(uninitialized: blocks)
    forEachBlock { range, block in
      var sum = 0.0
      var number = 0
      for index in range where counts(values[index], index) {
        sum += Double(values[index])
        number += 1
      }
      sums.elements[block] = sum
      numbers.elements[block] = number
    }
    let number = Double(numbers.elements.reduce(0, +))
    let mean = sums.elements.reduce(0, +) / number
    forEachBlock { range, block in
      var sum = 0.0
      for index in range where counts(values[index], index) {
        let difference = Double(values[index]) - mean
        sum += difference * difference
      }
      sums.elements[block] = sum
    }
    let sd = (sums.elements.reduce(0, +) / number).squareRoot()
    guard mean.isFinite, sd.isFinite else {
      throw PreprocessingError(
        .notFinite,
        """
        normalising channel \(channel) needs a finite mean and standard deviation, found \(mean) and \(sd) over \
        \(Int(number)) voxels; check the image for infinite or missing values
        """)
    }
    return (Float(mean), Float(sd))
  }

  @inline(__always)
  private func forEachBlock(_ body: (Range<Int>, Int) -> Void) {
    pool.forEach((values.count + Self.block - 1) / Self.block) { block, _ in
      body(block * Self.block..<min((block + 1) * Self.block, values.count), block)
    }
  }
}

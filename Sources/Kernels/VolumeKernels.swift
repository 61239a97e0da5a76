internal import CKernels

/// The C kernels around the network, of one instruction set: volume_kernels.h states what each computes. All instruction sets give
/// the same bits, and tests hold each against the same twin.
public struct VolumeKernels: @unchecked Sendable {  // a table of functions that is never written
  public let instructionSet: InstructionSet
  private let table: UnsafePointer<tessera_volume_kernels>

  /// The kernels of the strongest instruction set.
  public static let best: VolumeKernels = {
    guard let kernels = VolumeKernels(.best) else { fatalError("the portable kernels are part of every build") }
    return kernels
  }()

  /// `nil` when this processor doesn't have the instruction set.
  public init?(_ instructionSet: InstructionSet) {
    guard let table = tessera_volume_kernels_of(Int32(instructionSet.rawValue)) else { return nil }
    self.instructionSet = instructionSet
    self.table = table
  }
}

// MARK: - Lines

/// Lines of samples in memory: sample `s` of line `l` lies at `origin[s * sampleStride + l * laneStride]`.
public struct StridedLines<Origin> {
  public var origin: Origin
  public var sampleStride: Int
  public var laneStride: Int

  public init(_ origin: Origin, sampleStride: Int, laneStride: Int) {
    self.origin = origin
    self.sampleStride = sampleStride
    self.laneStride = laneStride
  }
}

/// Where each output sample of a resized line takes its value from.
public struct LineTaps {
  /// 0, 1, or 3 for B-spline weights of filtered coefficients.
  public var order: Int
  public var inputCount: Int
  public var outputCount: Int
  /// Times that the first and the last sample are repeated before and behind the line.
  public var padding: Int
  /// `[output sample, order + 1]`, into the padded line.
  public var indices: UnsafePointer<Int>
  /// `[output sample, order + 1]`.
  public var weights: UnsafePointer<Double>

  public init(
    order: Int, inputCount: Int, outputCount: Int, padding: Int, indices: UnsafePointer<Int>,
    weights: UnsafePointer<Double>
  ) {
    self.order = order
    self.inputCount = inputCount
    self.outputCount = outputCount
    self.padding = padding
    self.indices = indices
    self.weights = weights
  }
}

extension VolumeKernels {
  /// Lines that are resized side by side.
  public static let lineLanes = Int(TESSERA_LINE_LANES)

  /// Resizes `count` lines, float64 inside.
  /// - Parameter scratch: `(inputCount + 2 * padding) * lineLanes` values, aligned to 64 bytes.
  public func resizeLines(
    _ taps: LineTaps, count: Int, from source: StridedLines<UnsafePointer<Float>>,
    into output: StridedLines<UnsafeMutablePointer<Float>>, replacesNaN: Bool, scratch: UnsafeMutablePointer<Double>
  ) {
    var table = tessera_line_taps(
      order: Int32(taps.order), input: taps.inputCount, output: taps.outputCount, padding: taps.padding,
      indices: taps.indices, weights: taps.weights)
    for first in stride(from: 0, to: count, by: Self.lineLanes) {
      self.table.pointee.resize_lines(
        &table,
        tessera_lines(
          origin: source.origin + first * source.laneStride, sample_stride: source.sampleStride,
          lane_stride: source.laneStride),
        tessera_lines_out(
          origin: output.origin + first * output.laneStride, sample_stride: output.sampleStride,
          lane_stride: output.laneStride),
        min(Self.lineLanes, count - first), replacesNaN ? 1 : 0, scratch)
    }
  }

  /// Widens `lower...upper` by values that lie `stride` floats apart. NaN is passed over, or counts as 0 if it is replaced.
  public func extend(
    lower: inout Float, upper: inout Float, by values: UnsafePointer<Float>, count: Int, stride: Int, replacesNaN: Bool
  ) {
    var range = tessera_range(lower: lower, upper: upper)
    table.pointee.extend_range(&range, values, count, stride, replacesNaN ? 1 : 0)
    (lower, upper) = (range.lower, range.upper)
  }

  /// In place: values outside `lower...upper` become the nearer end.
  public func clip(_ values: UnsafeMutablePointer<Float>, count: Int, lower: Float, upper: Float) {
    table.pointee.clip(values, count, tessera_range(lower: lower, upper: upper))
  }
}

// MARK: - Rows of probabilities

/// Which two samples of a row each output sample lies between, and their weights; neither sample ever decreases along the row.
public struct RowTaps {
  public var inputCount: Int
  public var outputCount: Int
  public var lower: UnsafePointer<Int32>
  public var upper: UnsafePointer<Int32>
  public var lowerWeight: UnsafePointer<Double>
  public var upperWeight: UnsafePointer<Double>

  public init(
    inputCount: Int, outputCount: Int, lower: UnsafePointer<Int32>, upper: UnsafePointer<Int32>,
    lowerWeight: UnsafePointer<Double>, upperWeight: UnsafePointer<Double>
  ) {
    self.inputCount = inputCount
    self.outputCount = outputCount
    self.lower = lower
    self.upper = upper
    self.lowerWeight = lowerWeight
    self.upperWeight = upperWeight
  }
}

extension VolumeKernels {
  /// Values that `interpolateRow` needs beside a row's own.
  public static let rowScratchPadding = 32

  /// Blends two rows, then interpolates along the row; float64 inside.
  /// - Parameter scratch: `inputCount + rowScratchPadding` values.
  public func interpolateRow(
    _ taps: RowTaps, lower: UnsafePointer<Float>, upper: UnsafePointer<Float>, weights: (lower: Double, upper: Double),
    scratch: UnsafeMutablePointer<Double>, into output: UnsafeMutablePointer<Double>
  ) {
    var table = tessera_row_taps(
      input: taps.inputCount, output: taps.outputCount, lower: taps.lower, upper: taps.upper,
      lower_weight: taps.lowerWeight, upper_weight: taps.upperWeight)
    self.table.pointee.interpolate_row(&table, lower, upper, weights.lower, weights.upper, scratch, output)
  }

  /// `values[i] = Float(below[i] * weights.below + above[i] * weights.above)`.
  public func blend(
    _ below: UnsafePointer<Double>, _ above: UnsafePointer<Double>, weights: (below: Double, above: Double),
    count: Int, into values: UnsafeMutablePointer<Float>
  ) {
    table.pointee.blend(below, above, weights.below, weights.above, count, values)
  }

  /// At each of `count` places the class with the largest blended value (as `blend` rounds it), the lowest of equals.
  /// - Parameters:
  ///   - classes: 1 to 256 rows, `classStride` values apart.
  ///   - labels: 0 where every value is NaN.
  public func decide(
    _ below: UnsafePointer<Double>, _ above: UnsafePointer<Double>, weights: (below: Double, above: Double),
    classes: Int, classStride: Int, count: Int, into labels: UnsafeMutablePointer<UInt8>
  ) {
    table.pointee.decide(below, above, weights.below, weights.above, classes, classStride, count, labels)
  }
}

// MARK: - Sums of tiles

extension VolumeKernels {
  /// `sums[i] += values[i] * weights[i]`, the product rounded first.
  public func addWeighted(
    _ sums: UnsafeMutablePointer<Float>, _ values: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, count: Int
  ) {
    table.pointee.add_weighted(sums, values, weights, count)
  }

  /// `sums[i] += values[i]`.
  public func add(_ sums: UnsafeMutablePointer<Float>, _ values: UnsafePointer<Float>, count: Int) {
    table.pointee.add(sums, values, count)
  }

  /// `sums[i] /= weights[i]`.
  public func divide(_ sums: UnsafeMutablePointer<Float>, by weights: UnsafePointer<Float>, count: Int) {
    table.pointee.divide(sums, weights, count)
  }
}

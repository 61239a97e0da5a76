internal import Kernels
internal import Volumes

/// Interpolates the planes of a stream of class probabilities in-plane, and keeps the last two of them: all that interpolation
/// between planes needs.
///
/// Float64 inside. Rows are blended before columns, which differs from the eight-term sum of scikit-image by less than 1e-15.
struct PlaneInterpolator: Sendable {
  private let classes: Int
  private let rows: AxisInterpolation
  private let columns: AxisInterpolation
  /// `[slot, class, row, column]`; plane `p` is in slot `p % 2`.
  private let planes: VoxelStorage<Double>
  /// One blended row of an input plane for each worker.
  private let scratch: VoxelStorage<Double>
  private static let rowsPerItem = 16

  init(classes: Int, rows: AxisInterpolation, columns: AxisInterpolation, threads: Int) {
    self.classes = classes
    self.rows = rows
    self.columns = columns
    planes = VoxelStorage(count: 2 * classes * rows.count * columns.count, repeating: 0)
    scratch = VoxelStorage(count: threads * columns.inputCount, repeating: 0)
  }

  /// A plane of one class, `[row, column]`, of the last two that were added.
  func plane(_ index: Int, channel: Int) -> UnsafePointer<Double> {
    UnsafePointer(planes.elements.baseAddress! + ((index % 2) * classes + channel) * rows.count * columns.count)
  }

  /// Adds plane `index` of the stream, which is plane `offset` of `slab`, `[class, plane, row, column]`.
  func add(_ index: Int, of slab: ChannelVolume, at offset: Int, pool: ComputePool) {
    let source = slab.elements.baseAddress!
    let scratch = scratch.elements.baseAddress!
    let inputPlane = rows.inputCount * columns.inputCount
    let chunks = (rows.count + Self.rowsPerItem - 1) / Self.rowsPerItem
    pool.forEach(classes * chunks) { item, worker in
      let (channel, chunk) = item.quotientAndRemainder(dividingBy: chunks)
      let input = source + (channel * slab.extent.z + offset) * inputPlane
      let output = UnsafeMutablePointer(mutating: plane(index, channel: channel))
      let blended = scratch + worker * columns.inputCount
      for row in chunk * Self.rowsPerItem..<min(rows.count, (chunk + 1) * Self.rowsPerItem) {
        blend(row, of: input, into: blended)
        interpolateColumns(of: blended, into: output + row * columns.count)
      }
    }
  }

  private func blend(_ row: Int, of input: UnsafePointer<Float>, into blended: UnsafeMutablePointer<Double>) {
    let width = columns.inputCount
    let (lower, upper) = (input + rows.lower[row] * width, input + rows.upper[row] * width)
    let (lowerWeight, upperWeight) = (rows.lowerWeight[row], rows.upperWeight[row])
    for column in 0..<width {
      blended[column] = Double(lower[column]) * lowerWeight + Double(upper[column]) * upperWeight
    }
  }

  private func interpolateColumns(of blended: UnsafePointer<Double>, into output: UnsafeMutablePointer<Double>) {
    for column in 0..<columns.count {
      output[column] =
        blended[columns.lower[column]] * columns.lowerWeight[column]
        + blended[columns.upper[column]] * columns.upperWeight[column]
    }
  }
}

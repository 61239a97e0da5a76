/// A channel's range, mean and deviation (population), summed in float64.
struct ChannelStatistics {
  private(set) var lower = Float.infinity
  private(set) var upper = -Float.infinity
  private(set) var mean = 0.0
  private(set) var deviation = 0.0

  private static let lanes = 8

  /// - Parameter values: at least one.
  init(of values: UnsafeMutableBufferPointer<Float>) {
    let whole = values.count - values.count % Self.lanes
    let source = UnsafeRawPointer(values.baseAddress!)
    func vector(_ index: Int) -> SIMD8<Float> {
      source.loadUnaligned(fromByteOffset: index * MemoryLayout<Float>.stride, as: SIMD8<Float>.self)
    }
    var least = SIMD8<Float>(repeating: .infinity)
    var greatest = SIMD8<Float>(repeating: -.infinity)
    var sum = SIMD8<Double>()
    for index in stride(from: 0, to: whole, by: Self.lanes) {
      let value = vector(index)
      least = pointwiseMin(least, value)
      greatest = pointwiseMax(greatest, value)
      sum += SIMD8<Double>(value)
    }
    (lower, upper) = (least.min(), greatest.max())
    var total = sum.sum()
    for value in values[whole...] {
      (lower, upper) = (min(lower, value), max(upper, value))
      total += Double(value)
    }
    mean = total / Double(values.count)
    let middle = SIMD8<Double>(repeating: mean)
    var squares = SIMD8<Double>()
    for index in stride(from: 0, to: whole, by: Self.lanes) {
      let distance = SIMD8<Double>(vector(index)) - middle
      squares += distance * distance
    }
    var variance = squares.sum()
    for value in values[whole...] { variance += (Double(value) - mean) * (Double(value) - mean) }
    deviation = (variance / Double(values.count)).squareRoot()
  }
}

internal import Glibc
internal import Volumes

/// Smooths channels with a Gaussian in every axis (scipy.ndimage.gaussian_filter: mode reflect, four deviations wide).
public struct GaussianBlur: Hashable, Sendable {
  /// By channel, in voxels; `nil` leaves the channel.
  public var deviations: [Double?]
  /// Whether slices are smoothed in their planes only (2D networks).
  public var isFlat: Bool

  private static let width = 4.0

  public init(deviations: [Double?], isFlat: Bool) {
    self.deviations = deviations
    self.isFlat = isFlat
  }

  public func apply(to sample: Sample) {
    for (channel, deviation) in deviations.enumerated() {
      guard let deviation else { continue }
      let weights = Self.weights(deviation)
      let line = VoxelStorage<Double>(uninitialized: sample.extent.x + 2 * weights.count)
      let rows = VoxelStorage<Float>(uninitialized: max(sample.extent.z, sample.extent.y) * sample.extent.x)
      for axis in (isFlat ? 1 : 0)..<2 {
        Self.smooth(sample.image.channel(channel), sample.extent, axis: axis, weights, rows: rows, sums: line)
      }
      Self.smoothRows(sample.image.channel(channel), sample.extent, weights, line: line)
    }
  }

  /// The kernel's middle and its right half.
  private static func weights(_ deviation: Double) -> [Double] {
    let radius = Int(width * deviation + 0.5)
    let half = (0...radius).map { exp(-0.5 / (deviation * deviation) * Double($0 * $0)) }
    let sum = half[0] + 2 * half[1...].reduce(0, +)
    return half.map { $0 / sum }
  }

  /// The sample that mirroring about the border puts at `index`: the end samples are repeated.
  private static func image(_ index: Int, _ length: Int) -> Int {
    let place = (index % (2 * length) + 2 * length) % (2 * length)
    return min(place, 2 * length - 1 - place)
  }

  /// Along z or y: whole rows at a time.
  private static func smooth(
    _ values: UnsafeMutableBufferPointer<Float>, _ extent: Extent, axis: Int, _ weights: [Double],
    rows: VoxelStorage<Float>, sums: VoxelStorage<Double>
  ) {
    let stride = axis == 0 ? extent.y * extent.x : extent.x
    let (length, lines) = (extent[axis], axis == 0 ? extent.y : extent.z)
    let old = rows.elements.baseAddress!
    let sum = sums.elements.baseAddress!
    for line in 0..<lines {
      let first = values.baseAddress! + line * (axis == 0 ? extent.x : extent.y * extent.x)
      for index in 0..<length { (old + index * extent.x).update(from: first + index * stride, count: extent.x) }
      for index in 0..<length {
        let middle = old + index * extent.x
        for x in 0..<extent.x { sum[x] = Double(middle[x]) * weights[0] }
        for tap in 1..<weights.count {
          let before = old + image(index - tap, length) * extent.x
          let behind = old + image(index + tap, length) * extent.x
          let weight = weights[tap]
          for x in 0..<extent.x { sum[x] += (Double(before[x]) + Double(behind[x])) * weight }
        }
        let output = first + index * stride
        for x in 0..<extent.x { output[x] = Float(sum[x]) }
      }
    }
  }

  private static func smoothRows(
    _ values: UnsafeMutableBufferPointer<Float>, _ extent: Extent, _ weights: [Double], line: VoxelStorage<Double>
  ) {
    let radius = weights.count - 1
    let padded = line.elements.baseAddress!
    for row in 0..<extent.z * extent.y {
      let output = values.baseAddress! + row * extent.x
      for index in 0..<radius { padded[index] = Double(output[image(index - radius, extent.x)]) }
      for x in 0..<extent.x { padded[radius + x] = Double(output[x]) }
      for index in 0..<radius { padded[radius + extent.x + index] = Double(output[image(extent.x + index, extent.x)]) }
      for x in 0..<extent.x {
        var sum = padded[radius + x] * weights[0]
        for tap in 1..<weights.count { sum += (padded[radius + x - tap] + padded[radius + x + tap]) * weights[tap] }
        output[x] = Float(sum)
      }
    }
  }
}

public import Volumes

/// Measures one channel of an image under each label of a map, while the image streams by twice: it is never in memory as a whole.
///
///     let sampler = IntensitySampler(map: labels)
///     try image.read { sampler.take($0) }
///     sampler.turn()
///     try image.read { sampler.take($0) }
///     let measures = sampler.measures(of: 1)
///
/// The first time finds sum, extremes and how often the upper 16 bits of values occur; the second the squared differences from the mean,
/// and the lower 16 bits of the values that percentiles lie between. So percentiles are exact. Sums are float64, in the order of the
/// image. Memory: some kilobytes a label. It is used by one thread.
public final class IntensitySampler {
  private let map: LabelVolume
  /// By label; background isn't measured.
  private var samples = [LabelSample?](repeating: nil, count: 256)
  private var isSecondTime = false
  private var next = 0

  /// - Parameter map: on the image's grid.
  public init(map: LabelVolume) {
    self.map = map
  }

  /// Takes the next values of the image, in the order of the map. What goes beyond the map isn't looked at.
  public func take(_ values: UnsafeBufferPointer<Float>) {
    let labels = map.elements
    let count = min(values.count, labels.count - next)
    var index = 0
    while index < count {
      let label = labels[next + index]
      let start = index
      repeat { index += 1 } while index < count && labels[next + index] == label
      guard label > 0 else { continue }
      let part = UnsafeBufferPointer(rebasing: values[start..<index])
      if isSecondTime {
        samples[Int(label)]?.takeAgain(part)
      } else {
        let sample = samples[Int(label)] ?? LabelSample()
        samples[Int(label)] = sample
        sample.take(part)
      }
    }
    next += count
  }

  /// Called between the two times.
  public func turn() {
    isSecondTime = true
    next = 0
    for sample in samples { sample?.turn() }
  }

  /// `nil` for a label that doesn't occur.
  public func measures(of label: Int) -> IntensityMeasures? {
    samples.indices.contains(label) ? samples[label]?.measures : nil
  }
}

/// The values of one label.
private final class LabelSample {
  private static let shares = [0.05, 0.5, 0.95]

  private var count = 0
  private var sum = 0.0
  private var mean = 0.0
  private var squares = 0.0
  private var minimum = Float.infinity
  private var maximum = -Float.infinity
  /// Of the values' upper 16 bits.
  private var upper = PagedHistogram()
  /// Upper bits of which the lower ones are counted, and their histograms.
  private var bins: [Int] = []
  private var lower: [PagedHistogram] = []

  func take(_ values: UnsafeBufferPointer<Float>) {
    count += values.count
    for value in values {
      sum += Double(value)
      minimum = min(minimum, value)
      maximum = max(maximum, value)
      upper.add(Self.key(value) >> 16)
    }
  }

  func turn() {
    mean = sum / Double(count)
    bins = Set(Self.shares.flatMap { ranks($0) }.compactMap { upper.number(at: $0)?.number }).sorted()
    lower = bins.map { _ in PagedHistogram() }
  }

  func takeAgain(_ values: UnsafeBufferPointer<Float>) {
    for value in values {
      let difference = Double(value) - mean
      squares += difference * difference
      let key = Self.key(value)
      for (index, bin) in bins.enumerated() where bin == key >> 16 { lower[index].add(key & 0xFFFF) }
    }
  }

  var measures: IntensityMeasures {
    IntensityMeasures(
      mean: mean, standardDeviation: (squares / Double(count)).squareRoot(), minimum: Double(minimum),
      maximum: Double(maximum), p05: percentile(Self.shares[0]), p50: percentile(Self.shares[1]),
      p95: percentile(Self.shares[2]))
  }

  /// Places in ascending order between which a share lies.
  private func ranks(_ share: Double) -> [Int] {
    let place = Int(Double(count - 1) * share)
    return [place, min(place + 1, count - 1)]
  }

  /// As numpy interpolates.
  private func percentile(_ share: Double) -> Double {
    let values = ranks(share).map(value)
    let place = Double(count - 1) * share
    let fraction = place - place.rounded(.down)
    let step = values[1] - values[0]
    return fraction < 0.5 ? values[0] + step * fraction : values[1] - step * (1 - fraction)
  }

  private func value(at rank: Int) -> Double {
    guard let (bin, place) = upper.number(at: rank), let index = bins.firstIndex(of: bin),
      let (low, _) = lower[index].number(at: place)
    else { return .nan }
    return Double(Self.value(bin << 16 | low))
  }

  /// A value's bits, so turned that they sort as the values do.
  @inline(__always)
  private static func key(_ value: Float) -> Int {
    let bits = value.bitPattern
    return Int(bits >> 31 == 1 ? ~bits : bits | 1 << 31)
  }

  private static func value(_ key: Int) -> Float {
    let bits = UInt32(truncatingIfNeeded: key)
    return Float(bitPattern: bits >> 31 == 1 ? bits & ~(1 << 31) : ~bits)
  }
}

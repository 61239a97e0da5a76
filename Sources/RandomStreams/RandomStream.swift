internal import Glibc

/// A stream of random numbers that seed and name tell, the blocks of `Philox` one after the other: whoever makes it and whenever, it is
/// the same, and streams of other seeds or names have nothing in common with it.
public struct RandomStream: Sendable {
  private let key: SIMD2<UInt32>
  private var counter: SIMD4<UInt32>
  private var words = SIMD4<UInt32>()
  private var taken = 4

  /// - Parameter name: the upper words of the counter; its first word counts the stream's blocks, 2^32 of four numbers.
  public init(seed: UInt64, name: SIMD3<UInt32>) {
    key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    counter = SIMD4(0, name.x, name.y, name.z)
  }

  /// 32 bits.
  public mutating func word() -> UInt32 {
    if taken == 4 {
      words = Philox.block(counter: counter, key: key)
      counter[0] &+= 1
      taken = 0
    }
    defer { taken += 1 }
    return words[taken]
  }

  /// 64 bits.
  public mutating func doubleWord() -> UInt64 {
    let low = UInt64(word())
    return UInt64(word()) << 32 | low
  }

  /// A number in `[0, 1)` with 53 random bits.
  public mutating func uniform() -> Double {
    let high = word() >> 5
    let low = word() >> 6
    return (Double(high) * 67_108_864 + Double(low)) / 9_007_199_254_740_992
  }

  /// A number between the range's ends.
  public mutating func uniform(_ range: ClosedRange<Double>) -> Double {
    range.lowerBound + (range.upperBound - range.lowerBound) * uniform()
  }

  /// A whole number in the range, each as likely as another.
  public mutating func integer(_ range: ClosedRange<Int>) -> Int {
    let count = UInt32(range.count)
    // Lemire: Fast random integer generation in an interval, 2019. Words that would favour some numbers are drawn again.
    while true {
      let product = word().multipliedFullWidth(by: count)
      if product.low >= (0 &- count) % count { return range.lowerBound + Int(product.high) }
    }
  }

  public mutating func happens(_ chance: Double) -> Bool { uniform() < chance }

  /// `0..<count` in a random order (Fisher and Yates).
  public mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    for index in stride(from: count - 1, to: 0, by: -1) { order.swapAt(index, integer(0...index)) }
    return order
  }

  /// Two independent numbers of the normal distribution with mean 0 and deviation 1 (Box and Muller, 1958).
  public mutating func normals() -> (Double, Double) {
    let radius = (-2 * log((Double(word()) + 1) / 4_294_967_296)).squareRoot()
    let angle = 2 * Double.pi * Double(word()) / 4_294_967_296
    return (radius * cos(angle), radius * sin(angle))
  }
}

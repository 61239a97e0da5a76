/// numpy's legacy generator (`numpy.random.RandomState`): MT19937 (Matsumoto and Nishimura, 1998) with Knuth's initialisation, and its ways of
/// drawing. The same seed gives the same numbers as numpy, to the last bit.
public struct LegacyRandom: Sendable {
  private static let size = 624
  private static let offset = 397
  private var state: [UInt32]
  private var next = LegacyRandom.size

  public init(seed: UInt32) {
    state = [seed]
    state.reserveCapacity(Self.size)
    for index in 1..<UInt32(Self.size) {
      let last = state[Int(index) - 1]
      state.append(1_812_433_253 &* (last ^ last >> 30) &+ index)
    }
  }

  /// 32 bits.
  public mutating func word() -> UInt32 {
    if next == Self.size { renew() }
    var word = state[next]
    next += 1
    word ^= word >> 11
    word ^= word << 7 & 0x9D2C_5680
    word ^= word << 15 & 0xEFC6_0000
    return word ^ word >> 18
  }

  /// A number in `[0, 1)` with 53 random bits.
  public mutating func uniform() -> Double {
    let high = word() >> 5
    let low = word() >> 6
    return (Double(high) * 67_108_864 + Double(low)) / 9_007_199_254_740_992
  }

  /// A number in `0...most`, by rejection below the next power of two.
  /// - Parameter most: below 2^32.
  public mutating func integer(upTo most: Int) -> Int {
    guard most > 0 else { return 0 }
    let mask = UInt32.max >> UInt32(most).leadingZeroBitCount
    while true {
      let drawn = Int(word() & mask)
      if drawn <= most { return drawn }
    }
  }

  /// `0..<count` in a random order.
  public mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    for index in stride(from: count - 1, to: 0, by: -1) { order.swapAt(index, integer(upTo: index)) }
    return order
  }

  private mutating func renew() {
    for index in 0..<Self.size {
      let bits = state[index] & 0x8000_0000 | state[(index + 1) % Self.size] & 0x7FFF_FFFF
      state[index] = state[(index + Self.offset) % Self.size] ^ bits >> 1 ^ (bits & 1) * 0x9908_B0DF
    }
    next = 0
  }
}

/// The counter-based generator Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3; SC 2011).
///
/// A block of four words is a function of a counter and a key: any block of any stream is had at once, without those before it.
public enum Philox {
  private static let rounds = 10
  private static let multipliers: (UInt32, UInt32) = (0xD251_1F53, 0xCD9E_8D57)
  /// What the key grows by in each round: the golden ratio and the root of 3, less 1.
  private static let steps: (UInt32, UInt32) = (0x9E37_79B9, 0xBB67_AE85)

  public static func block(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
    var (counter, key) = (counter, key)
    for round in 0..<rounds {
      if round > 0 { key = key &+ SIMD2(steps.0, steps.1) }
      let first = multipliers.0.multipliedFullWidth(by: counter[0])
      let second = multipliers.1.multipliedFullWidth(by: counter[2])
      counter = SIMD4(second.high ^ counter[1] ^ key[0], second.low, first.high ^ counter[3] ^ key[1], first.low)
    }
    return counter
  }
}

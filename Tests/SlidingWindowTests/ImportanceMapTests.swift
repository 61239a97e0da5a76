import SlidingWindow
import Testing
import Volumes

@Suite struct ImportanceMapTests {
  /// From scipy 1.17.1: `gaussian_filter(impulse, [p / 8 for p in patch], 0, mode='constant', cval=0)`, divided by its maximum, as
  /// float32; patch (4, 5, 6).
  @Test func weightsAreScipysForASmallPatch() {
    let map = ImportanceMap(patch: Extent(z: 4, y: 5, x: 6))
    let expected: [Float] = [
      6.725127676965315e-10, 5.726618468315792e-08, 8.241701152655878e-07, 2.0047323232574854e-06,
      8.241701152655878e-07, 5.726618468315792e-08, 3.1288976742871455e-08, 2.664336307134363e-06,
      3.834490416920744e-05, 9.327112638857216e-05, 3.834490416920744e-05, 2.664336307134363e-06,
    ]
    #expect(Array(map.weights.prefix(12)) == expected)
  }

  /// FNV-1a (64 bit) over the bit patterns of scipy's weights, computed as above.
  @Test(
    arguments: [
      ([4, 5, 6], 0x40bfbcc986f116bf),
      ([64, 64, 48], 0x99abda1e2d301277),
      ([7, 9, 33], 0xb373fd4865adace7),
      ([20, 256, 256], 0x8555805888d9f3af),
      ([56, 1, 8], 0xbf97b246b3ec10f3),
      ([5, 6], 0x7b490c66833e9721),
      ([512, 512], 0x307d15d05fe0c74b),
      ([40, 56, 48], 0xd5e30eebfbdf567),
      ([96, 320, 24], 0x81d95a1e9a88c55f),
      ([128, 128, 128], 0x5cf010ee0107b6d7),
    ] as [([Int], UInt64)])
  func weightsAreScipysToTheLastBit(patch: [Int], hash: UInt64) {
    let map =
      patch.count == 3
      ? ImportanceMap(patch: Extent(patch)) : ImportanceMap(patch: Extent([1] + patch), window: .slices)
    let found = map.weights.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1.bitPattern)) &* 0x100_0000_01b3 }
    #expect(found == hash)
  }

  @Test func middleWeighsOneAndNothingWeighsZero() {
    for patch in [Extent(z: 1, y: 1, x: 1), Extent(z: 1, y: 9, x: 2), Extent(z: 33, y: 128, x: 7)] {
      let map = ImportanceMap(patch: patch)
      #expect(map.weights[((patch.z / 2) * patch.y + patch.y / 2) * patch.x + patch.x / 2] == 1)
      #expect(map.weights.allSatisfy { $0 > 0 && $0 <= 1 })
    }
  }
}

import Testing

@testable import Kernels

@Suite struct LastLevelCacheTests {
  @Test func linuxDescribesSizesInKiBOrMiB() {
    #expect(LastLevelCache.bytes(described: "32768K\n") == 32 << 20)
    #expect(LastLevelCache.bytes(described: "96M") == 96 << 20)
    for wrong in ["", "K", "0K", "-1K", "32768", "32768G", "99999999999999K", "12x34K"] {
      #expect(LastLevelCache.bytes(described: wrong) == nil, "\(wrong)")
    }
  }

  @Test func thisMachineHasOne() {
    #expect((1 << 18...1 << 32).contains(LastLevelCache.bytes))
  }
}

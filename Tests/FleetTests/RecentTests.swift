import Testing

@testable import Fleet

@Suite struct RecentTests {
  @Test func theOldestGoFirst() {
    var recent = Recent<Int, String>()
    for key in 1...3 { recent.add("\(key)", of: key) }
    #expect(recent.find(1) == "1")
    recent.trim(to: 2)
    #expect(recent.find(2) == nil && recent.find(1) == "1" && recent.find(3) == "3")
    recent.trim(to: 0)
    #expect(recent.count == 0)
  }

  @Test func bytesAreABoundOfTheirOwn() {
    var recent = Recent<Int, String>()
    for key in 1...4 { recent.add("\(key)", of: key, bytes: 10) }
    recent.trim(to: 3, bytes: 25)
    #expect(recent.count == 2 && recent.find(4) != nil && recent.find(3) != nil)
    recent.trim(to: 3, bytes: 9)
    #expect(recent.count == 0)
  }

  @Test func aLimitOfMemoryKeepsOneNetwork() {
    #expect(Warmth.worker(limit: 1 << 30) == Warmth(passes: 4, volumeBytes: 1 << 26, networks: 1))
    #expect(Warmth.worker(limit: nil).networks == 2)
  }
}

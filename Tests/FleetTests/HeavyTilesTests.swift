import Digests
import FleetContracts
import Testing

@testable import Fleet

@Suite struct HeavyTilesTests {
  @Test func aTileThatHadTooLittleMemoryIsLeftToOthersForAWhile() {
    let heavy = HeavyTiles()
    var job = TileJob(run: RunID(), pass: PassID(), epoch: 1, tile: 3, attempt: 1, document: Digest(of: []))
    #expect(!heavy.leaves(job))
    heavy.remember(job)
    job.attempt = 2
    var other = job
    other.tile = 4
    #expect(!heavy.leaves(other))
    #expect((0..<HeavyTiles.turns + 2).map { _ in heavy.leaves(job) } == [true, true, true, true, true, false, false])
  }
}

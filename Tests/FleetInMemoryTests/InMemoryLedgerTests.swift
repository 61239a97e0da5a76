import FleetConformance
import FleetInMemory
import Synchronization
import Testing

@Suite struct InMemoryLedgerTests {
  /// Time that passes when it is told to.
  private final class Clock: Sendable {
    private let time = Mutex(Duration.seconds(1000))
    var now: Duration { time.withLock { $0 } }
    func advance(by duration: Duration) { time.withLock { $0 += duration } }
  }

  @Test(arguments: LedgerLaw.all + LedgerLaw.schedules(seeds: 1...100, steps: 300))
  func law(_ law: LedgerLaw) async throws { try await law.check(Self.bench()) }

  @Test func theRandomSchedulesMeetWhatSeldomHappens() async throws {
    var met = RareEvents()
    for seed in 101...120 as ClosedRange<UInt64> {
      met += try await LedgerLaw.rareEvents(seed: seed, steps: 300, bench: Self.bench())
    }
    #expect(
      met.deadTiles > 0 && met.revivedRuns > 0 && met.hedgedTiles > 0 && met.duplicates > 0 && met.fencedClaims > 0,
      "\(met)")
  }

  private static func bench() -> LedgerBench {
    let clock = Clock()
    let ledger = InMemoryLedger(clock: { clock.now })
    return LedgerBench(connect: { ledger }, advance: { clock.advance(by: $0) })
  }
}

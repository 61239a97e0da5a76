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
  func law(_ law: LedgerLaw) async throws {
    let clock = Clock()
    let ledger = InMemoryLedger(clock: { clock.now })
    try await law.check(LedgerBench(connect: { ledger }, advance: { clock.advance(by: $0) }))
  }
}

import FleetContracts
import Testing

@testable import RabbitMQBroker

@Suite struct SilentQueuesTests {
  let start = ContinuousClock.now
  var silent = SilentQueues(interval: .seconds(10))

  private func after(_ intervals: Double) -> ContinuousClock.Instant { start + silent.interval * intervals }

  @Test mutating func onlyConsumedQueuesAreLookedAtAndOnlyWhenNothingComes() {
    #expect(silent.due([.tiles], now: start) == [])
    silent.delivered(.tiles, now: after(0.9))
    #expect(silent.due([.tiles], now: after(1.5)) == [])
    #expect(silent.due([.tiles, .results], now: after(2)) == [.tiles])
    #expect(silent.due([.results], now: after(3)) == [.results])
  }

  @Test mutating func messagesThatWaitTwiceMakeConsumersStartAnew() {
    _ = silent.due([.tiles], now: start)
    #expect(silent.found(3, in: .tiles, now: after(1)) == false)
    #expect(silent.due([.tiles], now: after(1.9)) == [])
    #expect(silent.due([.tiles], now: after(2)) == [.tiles])
    #expect(silent.found(3, in: .tiles, now: after(2)) == true)
    // And again, after as long.
    #expect(silent.found(3, in: .tiles, now: after(3)) == false)
    #expect(silent.found(3, in: .tiles, now: after(4)) == true)
  }

  @Test mutating func anEmptyQueueOrADeliveryIsNoSilence() {
    _ = silent.due([.tiles], now: start)
    #expect(silent.found(1, in: .tiles, now: after(1)) == false)
    #expect(silent.found(0, in: .tiles, now: after(2)) == false)
    #expect(silent.found(1, in: .tiles, now: after(3)) == false)
    silent.delivered(.tiles, now: after(3.5))
    #expect(silent.found(1, in: .tiles, now: after(4.5)) == false)
  }
}

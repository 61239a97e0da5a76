import FleetContracts
import Testing

@testable import Fleet

/// How far ahead tiles are handed out, on a simulated fleet whose clock is the test's.
@Suite struct DispatchPaceTests {
  /// What a simulated fleet of busy slots has seen.
  private struct Seen {
    /// Of the slots' time, the share without a tile.
    var idle = 0.0
    /// The most messages that waited at the broker.
    var waiting = 0
    /// The longest time that a message published at any moment would have waited for a slot, in tiles' times.
    var longestWait = 0.0
  }

  /// - Parameter latency: seconds from a tile's end to the ledger's knowing, and from publication to a slot.
  private func simulate(slots: Int, tile: Double, latency: Double = 0.01, seconds: Double) -> Seen {
    var pace = DispatchPace(longestPause: .milliseconds(200))
    var seen = Seen()
    var busyUntil: [Double] = []  // of tiles in hand
    var arriving: [Double] = []  // published
    var ended: [Double] = []  // results that the ledger doesn't know yet
    var (waiting, time, look, begun) = (0, 0.0, 0.0, 0.0)
    let step = min(0.002, tile / 50)
    var offset = 0
    var nextEnd = Double.infinity
    // A slot or the queue; until the next change, waits only become shorter.
    var hasChanged = true
    while time < seconds {
      if nextEnd <= time {
        ended += busyUntil.filter { $0 <= time }
        busyUntil.removeAll { $0 <= time }
        nextEnd = busyUntil.min() ?? .infinity
        hasChanged = true
      }
      let arrived = arriving.count { $0 <= time }
      if arrived > 0 { hasChanged = true }
      waiting += arrived
      arriving.removeAll { $0 <= time }
      while waiting > 0, busyUntil.count < slots {
        waiting -= 1
        // Tiles of a real fleet don't end at one moment.
        offset = (offset + 1) % 11
        busyUntil.append(time + tile * (0.9 + 0.02 * Double(offset)))
        nextEnd = min(nextEnd, busyUntil[busyUntil.count - 1])
      }
      ended.removeAll { $0 + latency <= time }
      if time >= look {
        let now = Duration.seconds(time)
        let window = pace.window(slots: slots, ready: waiting, age: .zero, at: now)
        let queued = busyUntil.count + waiting + arriving.count + ended.count
        let room = window.room(queued: queued, unpublished: arriving.count, lastMove: .seconds(1))
        pace.note(DispatchReport(moved: room, queued: queued + room), slots: slots, at: now)
        arriving += Array(repeating: time + latency, count: room)
        look = time + pace.pause.seconds
      }
      if time > seconds / 2 {
        seen.idle += step * Double(slots - busyUntil.count)
        begun += step * Double(slots)
        if hasChanged {
          seen.waiting = max(seen.waiting, waiting)
          let ends = busyUntil.sorted()
          if waiting < ends.count { seen.longestWait = max(seen.longestWait, (ends[waiting] - time) / (1.1 * tile)) }
          if waiting >= slots { seen.longestWait = max(seen.longestWait, 2) }
          hasChanged = false
        }
      }
      time += step
    }
    seen.idle /= begun
    return seen
  }

  @Test(arguments: [(2, 1.0), (4, 5.0), (32, 2.0), (200, 10.0)])
  func slotsAreBusyAndWhatComesNextWaitsForLessThanOneTile(slots: Int, tile: Double) {
    let seen = simulate(slots: slots, tile: tile, seconds: 30 * tile)
    #expect(seen.idle < 0.02 && seen.longestWait <= 1 && seen.waiting < slots, "\(seen)")
  }

  @Test(arguments: [0.5, 5.0])
  func aSingleSlotGetsItsNextTileAsItEndsTheOneInHand(tile: Double) {
    let seen = simulate(slots: 1, tile: tile, seconds: 60 * tile)
    #expect(seen.waiting <= 1 && seen.idle < 0.05, "\(seen)")
  }

  @Test func manySlotsOfLongTilesHaveFewWaiting() {
    #expect(simulate(slots: 200, tile: 10, seconds: 100).waiting <= 20)
  }

  @Test func withoutSlotsNothingIsHandedOut() {
    let pace = DispatchPace(longestPause: .seconds(1))
    #expect(pace.window(slots: 0, ready: 0, age: .zero, at: .zero).inFlight == 0)
    #expect(pace.pause == .seconds(1))
  }
}

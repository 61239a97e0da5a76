import Synchronization
import Testing
import Threads

@Suite struct OrderedQueueTests {
  @Test func valuesComeInOrderAndNobodyRunsFarAhead() throws {
    let queue = OrderedQueue<Int>(count: 200, ahead: 3)
    let taken = Atomic(0)
    let furthest = Atomic(0)
    for maker in 0..<3 {
      try NamedThread.start(name: "maker-\(maker)") {
        while let place = queue.claim() {
          // The place being handed out may have been counted already, never more.
          furthest.max(place - taken.load(ordering: .acquiring), ordering: .acquiringAndReleasing)
          queue.deliver(place * place, at: place)
        }
      }
    }
    for place in 0..<200 {
      #expect(queue.take() == place * place)
      taken.add(1, ordering: .acquiringAndReleasing)
    }
    #expect(queue.take() == nil && queue.claim() == nil)
    #expect(furthest.load(ordering: .acquiring) <= 3)
  }

  @Test func closingWakesWhoWaits() throws {
    let queue = OrderedQueue<Int>(count: 10, ahead: 1)
    let done = OrderedQueue<Int>(count: 2, ahead: 2)
    #expect(queue.claim() == 0)
    try NamedThread.start(name: "maker") { done.deliver(queue.claim() ?? -1, at: 0) }
    try NamedThread.start(name: "taker") { done.deliver(queue.take() ?? -1, at: 1) }
    queue.close()
    #expect(done.take() == -1)
    #expect(done.take() == -1)
    queue.deliver(5, at: 0)
    #expect(queue.take() == nil)
  }
}

import Digests
import FleetContracts
import FleetInMemory
import Foundation
import Synchronization
import Testing

@testable import Fleet

/// What a worker says of itself, and who writes it down.
@Suite struct WorkerPresenceTests {
  private let store = InMemoryBlobStore()
  private let queue = InMemoryJobQueue()
  private let facts = WorkerFacts(
    host: "h", softwareVersion: "1.0", memoryLimit: 1 << 30, memory: { 1 << 20 }, interval: .milliseconds(20))

  private func publish(_ tile: Int) async throws -> QueueMessage {
    let job = TileJob(run: RunID(), pass: PassID(), epoch: 1, tile: tile, attempt: 1, document: Digest(of: []))
    let message = try QueueMessage(job)
    try await queue.publish(message, to: .tiles)
    return message
  }

  @Test(.timeLimit(.minutes(5)))
  func aWorkerTellsWhatItDoesUntilItsLastWord() async throws {
    try await queue.prepare()
    let words = try await queue.subscribe(to: .workers, prefetch: 1)
    func next(_ wanted: (WorkerStatus) -> Bool) async throws -> WorkerStatus {
      while true {
        let delivery = try #require(try await words.next())
        try await delivery.acknowledge()
        let status = try delivery.message.workerStatus()
        if wanted(status) { return status }
      }
    }
    let ends = Latch()
    let slow = NumberPredictor(store: store) { _ in try await ends.wait() }
    let worker = WorkerService(queue: queue, slots: [slow, slow], name: "h-1", facts: facts, logger: .quiet)
    let first = try await withServices([worker]) {
      let first = try await next { $0.state == .running }
      #expect(first.worker == "h-1" && first.host == "h" && first.slots == 2 && first.softwareVersion == "1.0")
      #expect(first.memoryLimit == 1 << 30 && first.memory == 1 << 20 && first.engine == nil)
      _ = try await publish(0)
      #expect(try await next { $0.busySlots == 1 }.tiles == 0)
      ends.open()
      let done = try await next { $0.busySlots == 0 }
      #expect(done.tiles == 1 && done.engine == "fake" && (done.tileSeconds ?? 0) > 0)
      return first
    }
    let last = try await next { $0.state == .stopped }
    #expect(last.life == first.life && last.number > first.number)
    #expect(await queue.status(of: .workers)?.ready == 0)
  }

  @Test(.timeLimit(.minutes(5)))
  func theAggregatorWritesTheWordsDownAndKeepsUnreadableOnes() async throws {
    try await queue.prepare()
    let ledger = InMemoryLedger()
    let aggregator = AggregatorService(
      ledger: ledger, queue: queue, stitcher: JoiningStitcher(store: store),
      settings: ServiceSettings(owner: "a", pollInterval: .milliseconds(2)), logger: .quiet)
    let status = WorkerStatus(
      worker: "h-1", life: UUID(), number: 1, host: "h", state: .running, slots: 1, busySlots: 0,
      softwareVersion: "1.0")
    var impossible = status
    (impossible.worker, impossible.slots) = ("h-2", 0)
    for message in [try QueueMessage(impossible), try QueueMessage(status)] {
      try await queue.publish(message, to: .workers)
    }
    try await withServices([aggregator]) {
      while try await ledger.workers().isEmpty { try await Task.sleep(for: .milliseconds(2)) }
      while try await ledger.deadLetters(onlyOpen: true, run: nil, limit: 2).isEmpty {
        try await Task.sleep(for: .milliseconds(2))
      }
    }
    #expect(try await ledger.workers().map(\.status) == [status])
    #expect(try await ledger.deadLetters(onlyOpen: true, run: nil, limit: 2).count == 1)
    #expect(await queue.status(of: .workers)?.ready == 0)
  }

  /// A broker whose patience with a long tile was over delivers its job again.
  @Test(.timeLimit(.minutes(5)))
  func aJobThatComesAgainHasItsResultToldAgain() async throws {
    try await queue.prepare()
    let computed = Mutex(0)
    let counting = NumberPredictor(store: store) { _ in computed.withLock { $0 += 1 } }
    let results = try await queue.subscribe(to: .results, prefetch: 1)
    let worker = WorkerService(queue: queue, slots: [counting], name: "w", logger: .quiet)
    let told = try await withServices([worker]) {
      let job = try await publish(3)
      try await queue.publish(job, to: .tiles)
      var told: [TileResult] = []
      for _ in 0..<2 {
        let delivery = try #require(try await results.next())
        try await delivery.acknowledge()
        told.append(try delivery.message.tileResult())
      }
      return told
    }
    #expect(told[0] == told[1] && told[0].tile == 3)
    #expect(computed.withLock { $0 } == 1)
    #expect(await queue.status(of: .tiles)?.ready == 0)
  }

  @Test func theMedianIsOfTheLatestTiles() {
    var latest = LatestSeconds()
    #expect(latest.median == nil)
    for value in [3.0, 1, 2] { latest.add(value) }
    #expect(latest.median == 2)
    for _ in 0..<64 { latest.add(5) }
    #expect(latest.median == 5)
  }
}

import Digests
import FleetContracts
import FleetInMemory
import Foundation
import Logging
import ServiceLifecycle
import Synchronization
import Testing
import Testkit

@testable import Fleet

/// Dispatcher, workers and aggregator together, on adapters in memory, with steps that have no voxels.
@Suite struct ServicesTests {
  private let store = InMemoryBlobStore()
  private let ledger = InMemoryLedger()
  private let queue = InMemoryJobQueue()
  private let settings = ServiceSettings(owner: "test", lease: .seconds(2), pollInterval: .milliseconds(2))

  private func submit(passes: Int = 1) async throws -> RunID {
    let manifest = Digest(of: Array("model".utf8))
    try await ledger.register(
      ModelRecord(
        name: "m", digest: manifest, configuration: "3d_fullres", trainer: "nnUNetTrainerV2", channels: 1,
        labels: [LabelName(label: 1, name: "one")]))
    let image = try await store.put(Blob(copying: Array("image".utf8)))
    return try await ledger.submit(
      Submission(
        images: [image], passes: Array(repeating: PassRequest(model: manifest), count: passes), options: RunOptions())
    ).run
  }

  private func dispatcher(_ preparer: any RunPreparing) -> DispatcherService {
    DispatcherService(ledger: ledger, queue: queue, preparer: preparer, settings: settings, logger: .quiet)
  }

  private var aggregator: AggregatorService {
    AggregatorService(
      ledger: ledger, queue: queue, stitcher: JoiningStitcher(store: store), settings: settings, logger: .quiet)
  }

  private func end(of run: RunID) async throws -> RunRecord {
    while true {
      let record = try #require(try await ledger.run(run))
      if record.state.isFinal { return record }
      try await Task.sleep(for: .milliseconds(2))
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func aRunEndsWithItsTilesInPlanOrderWhateverTheOrderOfArrival() async throws {
    let slow = NumberPredictor(store: store) { job in
      // Later tiles overtake earlier ones.
      try await Task.sleep(for: .milliseconds(job.tile % 3 == 0 ? 20 : 1))
    }
    let worker = WorkerService(queue: queue, slots: [slow, slow, slow], name: "w", logger: .quiet)
    let run = try await withServices([dispatcher(CountingPreparer(store: store, tiles: 30)), worker, aggregator]) {
      try await end(of: try await submit())
    }
    #expect(run.state == .completed)
    #expect(run.acceptedTiles == 30)
    #expect(run.outcome?.labelVoxels == expectedDigest(tiles: 30))
  }

  @Test(.timeLimit(.minutes(5)))
  func passesFollowEachOtherToTheRunsEnd() async throws {
    let worker = WorkerService(
      queue: queue, slots: [NumberPredictor(store: store), NumberPredictor(store: store)], name: "w", logger: .quiet)
    let run = try await withServices([dispatcher(CountingPreparer(store: store, tiles: 4)), worker, aggregator]) {
      try await end(of: try await submit(passes: 3))
    }
    #expect(run.state == .completed && run.plannedTiles == 12 && run.acceptedTiles == 12)
    #expect(run.passes.map { $0.outcome?.labelVoxels } == [expectedDigest(tiles: 4), expectedDigest(tiles: 4), nil])
    let once = (0..<4).flatMap { Array("tile \($0)".utf8) }
    #expect(run.outcome?.labelVoxels == Digest(of: once + once + once))
  }

  @Test(.timeLimit(.minutes(5)))
  func aTileThatFailsForAWhileIsTriedAgain() async throws {
    let failures = Mutex(0)
    let flaky = NumberPredictor(store: store) { job in
      guard job.tile == 1, job.attempt == 1 else { return }
      failures.withLock { $0 += 1 }
      throw BlobStoreError.unavailable("away for a moment")
    }
    let worker = WorkerService(queue: queue, slots: [flaky], name: "w", logger: .quiet)
    let run = try await withServices([dispatcher(CountingPreparer(store: store, tiles: 3)), worker, aggregator]) {
      try await end(of: try await submit())
    }
    #expect(run.state == .completed)
    #expect(run.outcome?.labelVoxels == expectedDigest(tiles: 3))
    #expect(failures.withLock { $0 } == 1)
  }

  @Test(.timeLimit(.minutes(5)))
  func anImageThatCanNotBeReadFailsItsRunWithTheReason() async throws {
    struct Unreadable: Error, CustomStringConvertible { var description: String { "The image is cut off." } }
    struct FailingPreparer: RunPreparing {
      func prepare(_ run: RunRecord) async throws -> PassPlan { throw Unreadable() }
    }
    let run = try await withServices([dispatcher(FailingPreparer()), aggregator]) {
      try await end(of: try await submit())
    }
    #expect(run.state == .failed)
    #expect(run.failure == RunFailure(kind: .invalid, reason: "The image is cut off."))
  }

  @Test(.timeLimit(.minutes(5)))
  func anUnreadableJobGoesToTheDeadLettersAndTheWorkerLivesOn() async throws {
    try await queue.prepare()
    let unreadable = QueueMessage(id: "x", type: "something.else", body: Array("{".utf8))
    try await queue.publish(unreadable, to: .tiles)
    let worker = WorkerService(queue: queue, slots: [NumberPredictor(store: store)], name: "w", logger: .quiet)
    let run = try await withServices([worker, dispatcher(CountingPreparer(store: store, tiles: 2)), aggregator]) {
      try await end(of: try await submit())
    }
    #expect(run.state == .completed)
    let letters = try await ledger.deadLetters(onlyOpen: true, run: nil, limit: 10)
    #expect(letters.map(\.content) == [.message(unreadable, queue: .tiles)])
    #expect(letters.first?.reason.contains("something.else") == true)
    #expect(await queue.status(of: .dead)?.ready == 0)
  }

  /// An upgrade under way: messages of a version that isn't known here are kept for an operator, and the work goes on.
  @Test(.timeLimit(.minutes(5)))
  func messagesOfAnUnknownVersionAreParkedWhileTheRunGoesOn() async throws {
    try await queue.prepare()
    let parked = try ["job", "result"].map { kind in
      let body = try Data(
        contentsOf: Fixtures.directory.appending(
          path: "messages/tile-\(kind == "job" ? kind : "result-computed").v1.json"))
      let text = String(decoding: body, as: UTF8.self).replacing("\"version\":1", with: "\"version\":99")
      return QueueMessage(id: kind, type: "tessera.tile-\(kind).v99", body: Array(text.utf8))
    }
    for (message, name) in zip(parked, [QueueName.tiles, .results]) { try await queue.publish(message, to: name) }
    let worker = WorkerService(queue: queue, slots: [NumberPredictor(store: store)], name: "w", logger: .quiet)
    let run = try await withServices([dispatcher(CountingPreparer(store: store, tiles: 3)), worker, aggregator]) {
      try await end(of: try await submit())
    }
    #expect(run.state == .completed && run.outcome?.labelVoxels == expectedDigest(tiles: 3))
    let letters = try await ledger.deadLetters(onlyOpen: true, run: nil, limit: 10)
    #expect(letters.count == parked.count)
    for (message, name) in zip(parked, [QueueName.tiles, .results]) {
      #expect(letters.contains { $0.content == .message(message, queue: name) }, "as it came")
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func aResultIsPublishedBeforeItsJobIsAcknowledged() async throws {
    try await queue.prepare()
    let pass = PassID()
    let job = TileJob(run: RunID(), pass: pass, epoch: 1, tile: 0, attempt: 1, document: Digest(of: []))
    try await queue.publish(try QueueMessage(job), to: .tiles)
    let results = try await queue.subscribe(to: .results, prefetch: 1)
    let worker = WorkerService(queue: queue, slots: [NumberPredictor(store: store)], name: "w", logger: .quiet)
    let result = try await withServices([worker]) {
      let delivery = try #require(try await results.next())
      defer { Task { try await delivery.acknowledge() } }
      return try delivery.message.tileResult()
    }
    #expect(result.pass == pass)
    #expect(await queue.status(of: .tiles)?.ready == 0, "acknowledged after a clean stop")
  }

  @Test(.timeLimit(.minutes(5)))
  func aJobThatKilledManyWorkersIsGivenUp() async throws {
    let broker = InMemoryBroker()
    let mine = InMemoryJobQueue(broker: broker)
    try await mine.prepare()
    let job = TileJob(run: RunID(), pass: PassID(), epoch: 1, tile: 0, attempt: 1, document: Digest(of: []))
    try await mine.publish(try QueueMessage(job), to: .tiles)
    let taker = try await mine.subscribe(to: .tiles, prefetch: 1)
    for _ in 0..<WorkerService.largestDeliveryCount { try await (try #require(try await taker.next())).putBack() }
    await taker.cancel()
    let results = try await mine.subscribe(to: .results, prefetch: 1)
    let worker = WorkerService(queue: mine, slots: [NumberPredictor(store: store)], name: "w", logger: .quiet)
    let result = try await withServices([worker]) {
      let delivery = try #require(try await results.next())
      try await delivery.acknowledge()
      return try delivery.message.tileResult()
    }
    guard case .failed(.poison, _) = result.outcome else {
      Issue.record("expected a poison failure, found \(result.outcome)")
      return
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func stoppingFinishesTheTileInHand() async throws {
    try await queue.prepare()
    let started = AsyncStream<Void>.makeStream()
    let slow = NumberPredictor(store: store) { _ in
      started.continuation.yield()
      while !Task.isShuttingDownGracefully { try await Task.sleep(for: .milliseconds(1)) }
    }
    for tile in 0..<3 {
      let job = TileJob(run: RunID(), pass: PassID(), epoch: 1, tile: tile, attempt: 1, document: Digest(of: []))
      try await queue.publish(try QueueMessage(job), to: .tiles)
    }
    let worker = WorkerService(queue: queue, slots: [slow], name: "w", logger: .quiet)
    try await withServices([worker]) { for await _ in started.stream { break } }
    #expect(await queue.status(of: .results)?.ready == 1, "the tile in hand was finished")
    #expect(await queue.status(of: .tiles)?.ready == 2, "no other was taken")
  }
}

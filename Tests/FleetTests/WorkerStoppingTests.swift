import Digests
import FleetContracts
import FleetInMemory
import Foundation
import Synchronization
import Testing

@testable import Fleet

/// What becomes of the tile in hand when a worker is asked to stop.
@Suite struct WorkerStoppingTests {
  private let store = InMemoryBlobStore()
  private let queue = InMemoryJobQueue()
  private let document = Digest(of: [])

  private func publish(_ tiles: Range<Int>) async throws -> [TileJob] {
    try await queue.prepare()
    let (run, pass) = (RunID(), PassID())
    let jobs = tiles.map { TileJob(run: run, pass: pass, epoch: 1, tile: $0, attempt: 1, document: document) }
    for job in jobs { try await queue.publish(try QueueMessage(job), to: .tiles) }
    return jobs
  }

  /// The jobs that wait, and how often the broker says that each was delivered before.
  private func waiting() async throws -> [(job: TileJob, deliveries: Int)] {
    let subscription = try await queue.subscribe(to: .tiles, prefetch: 100)
    var found: [(job: TileJob, deliveries: Int)] = []
    for _ in 0..<(await queue.status(of: .tiles)?.ready ?? 0) {
      let delivery = try #require(try await subscription.next())
      found.append((try delivery.message.tileJob(), delivery.earlierDeliveries))
      try await delivery.acknowledge()
    }
    await subscription.cancel()
    return found
  }

  /// A predictor whose tiles never end, and the stream of those that have begun.
  private func endless() -> (predictor: NumberPredictor, begun: AsyncStream<Int>) {
    let (begun, continuation) = AsyncStream<Int>.makeStream()
    let predictor = NumberPredictor(store: store) { job in
      continuation.yield(job.tile)
      try await Task.sleep(for: .seconds(3600))
    }
    return (predictor, begun)
  }

  @Test(.timeLimit(.minutes(5)))
  func whenTheGraceTimeIsOverTheJobGoesBackAsIfItHadNeverBeenDelivered() async throws {
    let job = try await publish(0..<1)[0]
    let (predictor, begun) = endless()
    let worker = WorkerService(
      queue: queue, slots: [predictor], name: "w", drain: WorkerDrain(grace: .milliseconds(50)), logger: .quiet)
    try await withServices([worker]) { for await _ in begun { break } }
    let left = try await waiting()
    #expect(left.map(\.job) == [job] && left.map(\.deliveries) == [0])
    #expect(await queue.status(of: .results)?.ready == 0, "no failure is told")
  }

  @Test(.timeLimit(.minutes(5)))
  func aSecondRequestAbandonsAtOnce() async throws {
    let jobs = try await publish(0..<3)
    let (predictor, begun) = endless()
    let drain = WorkerDrain(grace: .seconds(3600))
    let worker = WorkerService(
      queue: queue, slots: [predictor, predictor], name: "w", drain: drain, logger: .quiet)
    try await withServices([worker]) {
      var count = 0
      for await _ in begun {
        count += 1
        if count == 2 { break }
      }
      drain.hurry()
    }
    let left = try await waiting()
    #expect(Set(left.map(\.job)) == Set(jobs) && left.allSatisfy { $0.deliveries == 0 })
  }

  @Test(.timeLimit(.minutes(5)))
  func aTileThatCanNotBeDoneInTimeIsAbandonedAtOnce() async throws {
    let jobs = try await publish(0..<2)
    let (begun, continuation) = AsyncStream<Int>.makeStream()
    let predictor = NumberPredictor(store: store) { job in
      continuation.yield(job.tile)
      try await Task.sleep(for: job.tile == 0 ? .milliseconds(3200) : .seconds(3600))
    }
    let worker = WorkerService(
      queue: queue, slots: [predictor], name: "w", drain: WorkerDrain(grace: .seconds(3)), logger: .quiet)
    let start = Mutex(ContinuousClock.now)
    try await withServices([worker]) {
      for await tile in begun where tile == 1 { break }
      start.withLock { $0 = .now }
    }
    // The first tile took longer than the grace time, so the second isn't waited for.
    #expect(ContinuousClock.now - start.withLock { $0 } < .seconds(3))
    #expect(try await waiting().map(\.job) == [jobs[1]])
  }

  @Test func theGraceTimeIsGivenToTilesThatNeedNoMoreThanIt() {
    let begun = ContinuousClock.now
    func last(_ end: Duration?) -> Duration {
      WorkerDrain.lastMoment(begun: begun, grace: .seconds(10), expectedEnd: end.map { begun + $0 }) - begun
    }
    #expect(last(nil) == .seconds(10))
    #expect(last(.seconds(-1)) == .seconds(10), "late already: it may end at any moment")
    #expect(last(.seconds(10)) == .seconds(10))
    #expect(last(.seconds(11)) == .zero)
  }

  /// The broker's own count begins anew, so the job carries what it was.
  @Test(.timeLimit(.minutes(5)))
  func handingBackForgetsNoDeathOfAnotherWorker() async throws {
    let job = try await publish(0..<1)[0]
    let taker = try await queue.subscribe(to: .tiles, prefetch: 1)
    for _ in 0..<3 { try await (try #require(try await taker.next())).putBack() }
    await taker.cancel()
    for _ in 0..<2 {
      let (predictor, begun) = endless()
      let worker = WorkerService(
        queue: queue, slots: [predictor], name: "w", drain: WorkerDrain(grace: .zero), logger: .quiet)
      try await withServices([worker]) { for await _ in begun { break } }
    }
    let left = try await waiting()
    #expect(left.map(\.deliveries) == [0] && left.map(\.job.earlierDeliveries) == [3])
    #expect(left.map(\.job.tile) == [job.tile])
  }

  @Test(.timeLimit(.minutes(5)))
  func workThatCanNotBeInterruptedIsLeftAlone() async throws {
    let (moments, continuation) = AsyncStream<Void>.makeStream()
    var ofTheWork = moments.makeAsyncIterator()
    let isEnough = Mutex(false)
    let waiter = Task {
      try await Abandonable.run {
        continuation.yield()
        // As a forward pass, it knows nothing of cancellation.
        while !isEnough.withLock({ $0 }) { await Task.yield() }
        continuation.yield()
      }
    }
    await ofTheWork.next()
    waiter.cancel()
    await #expect(throws: CancellationError.self) { try await waiter.value }
    isEnough.withLock { $0 = true }
    await ofTheWork.next()
    #expect(try await Abandonable.run { 7 } == 7)
  }
}

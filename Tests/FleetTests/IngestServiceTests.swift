import Digests
import FleetContracts
import FleetInMemory
import Foundation
import Logging
import ServiceLifecycle
import Synchronization
import Testing

@testable import Fleet

/// What becomes of submissions, without servers.
@Suite struct IngestServiceTests {
  /// An in-memory broker that also remembers what goes to other systems.
  private final class Gate: JobQueue, UpstreamGate {
    let queue = InMemoryJobQueue()
    let answers = Mutex<[StudyAnswer]>([])

    func publish(_ events: [FleetEvent]) async throws {}
    func answer(_ message: QueueMessage, to address: ReplyAddress) async throws {
      let answer = try JSONDecoder().decode(StudyAnswer.self, from: Data(message.body))
      answers.withLock { $0.append(answer) }
    }

    func prepare() async throws { try await queue.prepare() }
    func publish(_ message: QueueMessage, to name: QueueName) async throws {
      try await queue.publish(message, to: name)
    }
    func publish(_ messages: [QueueMessage], to name: QueueName) async throws {
      try await queue.publish(messages, to: name)
    }
    func subscribe(to name: QueueName, prefetch: Int) async throws -> any Subscription {
      try await queue.subscribe(to: name, prefetch: prefetch)
    }
    func status(of name: QueueName) async -> QueueStatus? { await queue.status(of: name) }
    func announce(_ announcement: Announcement) async throws {}
    func announcements() async throws -> AsyncStream<Announcement> { AsyncStream { $0.finish() } }
    func close() async { await queue.close() }
  }

  private let gate = Gate()
  private let ledger = InMemoryLedger()
  private let store = InMemoryBlobStore()

  private func study(_ image: Digest, id: String = "study-1") -> QueueMessage {
    QueueMessage(
      id: id, type: StudyRequest.type,
      body: Array(#"{"version": 1, "model": "tissue", "images": [{"sha256": "\#(image)"}]}"#.utf8))
  }

  /// Runs the service until `condition` holds.
  private func serve(until condition: @escaping () async throws -> Bool) async throws {
    try await ledger.register(
      ModelRecord(
        name: "tissue", digest: Digest(of: "model".utf8), configuration: "3d_fullres", trainer: "nnUNetTrainerV2",
        channels: 1, labels: []))
    let service = IngestService(
      intake: StudyIntake(ledger: ledger, store: store, reserve: StoreReserve(bytes: 0)), queue: gate,
      settings: ServiceSettings(owner: "test"), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let running = Task { try await service.run() }
    defer { running.cancel() }
    let deadline = ContinuousClock.now + .seconds(60)
    while try await !condition() {
      guard ContinuousClock.now < deadline else {
        Issue.record("waited in vain")
        return
      }
      try await Task.sleep(for: .milliseconds(5))
    }
  }

  @Test func theSameMessageTwiceIsOneRun() async throws {
    let image = try await store.put(Blob(copying: "image".utf8))
    for _ in 0..<3 { try await gate.publish(study(image), to: .ingest) }
    // Without an identifier it is known by its bytes.
    for _ in 0..<2 { try await gate.publish(study(image, id: ""), to: .ingest) }
    try await serve {
      let (left, runs) = (await gate.status(of: .ingest)?.ready, try await ledger.runs(limit: 9).count)
      return left == 0 && runs == 2
    }
    #expect(Set(try await ledger.runs(limit: 9).compactMap(\.key)).contains("study-1"))
    #expect(try await ledger.deadLetters(onlyOpen: true, run: nil, limit: 9) == [])
  }

  /// Such a message has brought down twenty processes, or would for ever be somebody's.
  @Test func aMessageThatWasHandedOutTooOftenIsParkedUntouched() async throws {
    let image = try await store.put(Blob(copying: "image".utf8))
    try await gate.publish(study(image), to: .ingest)
    let subscription = try await gate.subscribe(to: .ingest, prefetch: 1)
    for _ in 0..<IngestService.mostDeliveries { try await #require(try await subscription.next()).putBack() }
    await subscription.cancel()
    try await serve { await gate.status(of: .parked)?.ready == 1 }
    let letter = try #require(try await ledger.deadLetters(onlyOpen: true, run: nil, limit: 9).first)
    guard case .message(let kept, .ingest) = letter.content else {
      Issue.record("the dead letter is of something else")
      return
    }
    #expect(kept == study(image) && letter.reason.contains("20 times"))
    let parked = try #require(try await gate.subscribe(to: .parked, prefetch: 1).next())
    #expect(parked.message.body == kept.body && parked.message.headers[IngestService.reasonHeader] == letter.reason)
    #expect(try await ledger.runs(limit: 9) == [])
  }
}

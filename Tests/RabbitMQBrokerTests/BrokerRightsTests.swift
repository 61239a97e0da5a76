import Digests
import FleetContracts
import Foundation
import Testing

@testable import RabbitMQBroker

/// Each role of a fleet with a broker's user of its own, as `Compose/broker-users` makes them.
@Suite(
  .serialized, .enabled(if: PrivateBroker.isInstalled, "Install rabbitmq-server to run these tests."), .privateBroker,
  .timeLimit(.minutes(5)))
struct BrokerRightsTests {
  let broker: PrivateBroker

  init() throws { broker = try #require(PrivateBroker.current) }

  private func connect(
    _ role: String, _ users: String, _ events: EventLog = EventLog(), duties: RabbitMQJobQueue.Duties = .fleet
  ) throws -> RabbitMQJobQueue {
    var parts = try #require(URLComponents(string: broker.url))
    parts.user = role
    parts.password = try String(contentsOfFile: "\(users)/broker-\(role).password", encoding: .utf8)
      .trimmingCharacters(in: .newlines)
    return try RabbitMQJobQueue(
      url: try #require(parts.string),
      settings: RabbitMQJobQueue.Settings(longestPause: .milliseconds(200), duties: duties),
      onEvent: events.record)
  }

  @Test func eachRoleDoesItsWorkAndNoMore() async throws {
    let users = try await broker.makeUsers()
    let workerEvents = EventLog()
    // In the worst order: who may make no queue comes first, and waits.
    let worker = try connect("worker", users, workerEvents)
    let dispatcher = try connect("dispatcher", users)
    let waiting = Task { try await worker.prepare() }
    try await workerEvents.wait { "\($0)".contains("this user may not make it") || "\($0)".contains("ACCESS_REFUSED") }
    let aggregator = try connect("aggregator", users)
    for queue in [dispatcher, aggregator] { try await queue.prepare() }
    try await waiting.value

    let job = QueueMessage(id: "job", type: "t", body: [1])
    let result = QueueMessage(id: "result", type: "t", body: [2])
    try await dispatcher.publish(job, to: .tiles)
    let jobs = try await worker.subscribe(to: .tiles, prefetch: 1)
    let taken = try #require(try await jobs.next())
    #expect(taken.message == job)
    try await worker.publish(result, to: .results)
    try await taken.reject()  // a dead letter, which an aggregator may read
    let results = try await aggregator.subscribe(to: .results, prefetch: 1)
    let arrived = try #require(try await results.next())
    #expect(arrived.message == result)
    try await arrived.acknowledge()
    let dead = try await aggregator.subscribe(to: .dead, prefetch: 1)
    #expect(try await dead.next()?.message == job)
    #expect(await dispatcher.status(of: .tiles)?.consumers == 1)

    // A worker's password, leaked, takes nothing away.
    _ = try await worker.subscribe(to: .results, prefetch: 1)
    try await workerEvents.wait { "\($0)".contains("ACCESS_REFUSED") && "\($0)".contains("tessera.results") }
    await #expect(throws: JobQueueError.self) { try await worker.delete(.results) }
    await #expect(throws: JobQueueError.self) { try await worker.delete(.tiles) }
    #expect(await aggregator.status(of: .results)?.consumers == 1)
    for queue in [dispatcher, worker, aggregator] { await queue.close() }
  }

  @Test func rolesThatFaceOtherSystemsNeedNothingOfTheFleet() async throws {
    let users = try await broker.makeUsers()
    let gateLog = EventLog()
    let (events, ingest) = (
      try connect("events", users, gateLog, duties: .events), try connect("ingest", users, duties: .ingest)
    )
    for queue in [events, ingest] { try await queue.prepare() }

    // Nobody listens, and it counts as published all the same.
    let run = RunRecord(
      id: RunID(),
      model: ModelRecord(
        name: "tissue", digest: Digest(of: "model".utf8), configuration: "3d_fullres", trainer: "nnUNetTrainerV2",
        channels: 1, labels: []),
      passes: [], images: [], options: RunOptions(), key: nil, state: .submitted, submittedAt: Date())
    try await events.publish([
      FleetEvent(position: 1, id: UUID(), at: Date(), tenant: .default, trace: nil, data: RunFacts(run))
    ])

    let study = QueueMessage(id: "study", type: StudyRequest.type, body: Array(repeating: 0x20, count: 60_000))
    try await ingest.publish(study, to: .ingest)
    let submissions = try await ingest.subscribe(to: .ingest, prefetch: 1)
    let taken = try #require(try await submissions.next())
    #expect(taken.message == study && taken.routingKey == nil && taken.reply == nil)
    try await ingest.publish(study, to: .parked)
    try await ingest.answer(
      QueueMessage(id: "a", type: "t", body: []), to: ReplyAddress(queue: "gone", correlation: nil))
    try await taken.acknowledge()
    #expect(await ingest.status(of: .parked)?.ready == 1)

    // Who tells events can't read what is submitted.
    _ = try await events.subscribe(to: .ingest, prefetch: 1)
    try await gateLog.wait { "\($0)".contains("ACCESS_REFUSED") && "\($0)".contains("tessera.ingest") }
    for queue in [events, ingest] { await queue.close() }
  }
}

internal import FleetContracts
internal import Foundation
internal import Testing

extension LedgerLaw {
  static let watching = [
    LedgerLaw("a run and its jobs keep the trace that they were submitted with") { bench in
      let ledger = try await bench.ledger()
      try await ledger.register(LedgerBench.model)
      var submission = LedgerBench.submission("image", key: "key")
      let trace = TraceContext()
      submission.trace = trace
      let id = try await ledger.submit(submission).run
      submission.trace = TraceContext()
      #expect(try await ledger.submit(submission).run == id, "a trace is no content")
      #expect(try await ledger.run(id)?.trace == trace)
      let claim = try #require(try await ledger.claimSubmittedRun(owner: "dispatcher", lease: LedgerBench.lease))
      #expect(claim.run.trace == trace)
      try await ledger.plan(PassPlan(document: LedgerBench.digest("document"), tiles: 2), of: claim)
      _ = try await ledger.enqueueTiles(window: 2)
      let messages = try await ledger.claimOutbox(limit: 2, lease: LedgerBench.lease)
      #expect(messages.map(\.message.trace) == [trace, trace])
      #expect(try messages.map { try $0.message.tileJob().run } == [id, id])
    },
    LedgerLaw("a run without a trace has jobs without one") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 1)
      #expect(planned.claim.run.trace == nil)
      _ = try await ledger.enqueueTiles(window: 1)
      let messages = try await ledger.claimOutbox(limit: 1, lease: LedgerBench.lease)
      #expect(messages.map(\.message.headers) == [[:]])
    },
    LedgerLaw("an overview of an empty ledger is empty") { bench in
      let ledger = try await bench.ledger()
      let overview = try await ledger.overview()
      #expect(overview.runs.isEmpty && overview.outstanding.isEmpty && overview.runsInWork.isEmpty)
      #expect(overview.outboxLag == 0 && overview.deadTiles == 0 && overview.digestConflicts == 0)
      #expect(try await ledger.violations().isEmpty)
    },
    LedgerLaw("an overview tells what waits for an operator") { bench in
      let ledger = try await bench.ledger()
      #expect(try await ledger.attention() == FleetAttention())
      let (_, letter) = try await bench.dead(ledger, tiles: 2)
      try await ledger.keep(
        QueueMessage(id: "1", type: "what.v9", body: [0]), from: .tiles, reason: "It can't be read.")
      _ = try await ledger.quarantine("host-9", reason: "Its memory reports errors.")
      let overview = try await ledger.overview()
      #expect(overview.attention == FleetAttention(openDeadLetters: 2, quarantines: 1))
      #expect(overview.deadLetters == [.init(reason: "invalid", count: 1), .init(reason: "unreadable", count: 1)])
      _ = try await ledger.drop(letter.id, by: "nina")
      _ = try await ledger.release("host-9", by: "nina")
      #expect(try await ledger.attention() == FleetAttention(openDeadLetters: 1))
      #expect(try await ledger.overview().deadLetters.map(\.count) == [1, 1])
    },
    LedgerLaw("an overview tells what others haven't been told yet") { bench in
      let ledger = try await bench.ledger()
      try await ledger.register(LedgerBench.model)
      try await ledger.add(
        Webhook(tenant: .default, url: "https://ris.example.org", states: [.cancelled]), secret: WebhookSecret())
      let run = try await ledger.submit(LedgerBench.submission("image")).run
      #expect(try await ledger.overview().events.pendingDeliveries == 0)
      _ = try await ledger.cancel(run)
      let before = try await ledger.overview().events
      #expect(before.unpublished == 2 && before.pendingDeliveries == 1 && (0..<60).contains(before.lag))
      let claimed = try await ledger.claimEvents(limit: 10, lease: LedgerBench.lease)
      #expect(try await ledger.overview().events.unpublished == 2, "a claim is no publication")
      try await ledger.markPublished(claimed)
      let delivery = try #require(try await ledger.claimDeliveries(limit: 1, lease: LedgerBench.lease).first)
      try await ledger.settle(delivery, .delivered(status: 200))
      #expect(try await ledger.overview().events == EventBacklog())
    },
    LedgerLaw("an overview counts runs by state and class, and the tiles that have no result") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 5)
      var urgent = LedgerBench.submission("urgent")
      urgent.runClass = .stat
      urgent.deadline = Date(timeIntervalSinceNow: -1)
      let waiting = try await ledger.submit(urgent).run
      _ = try await ledger.enqueueTiles(window: 2)
      _ = try await ledger.record(
        TileResult(
          job: planned.job(0), outcome: .computed(probabilities: LedgerBench.digest("tile"), bytes: 8), worker: "w",
          engine: "e"))
      let overview = try await ledger.overview()
      #expect(
        Set(overview.runs) == [
          .init(state: .predicting, runClass: .routine, count: 1), .init(state: .submitted, runClass: .stat, count: 1),
        ])
      #expect(overview.deadlineMisses == [.init(runClass: .stat, count: 1)])
      #expect(overview.outstanding == [.init(runClass: .routine, planned: 3, queued: 1)])
      #expect(overview.runsInWork.map(\.run) == [waiting, planned.run], "the most urgent first")
      #expect(overview.runsInWork.map(\.plannedTiles) == [0, 5])
      #expect(overview.runsInWork.map(\.acceptedTiles) == [0, 1])
      #expect(overview.runsInWork.map(\.state) == [.submitted, .predicting])
    },
  ]
}

internal import FleetContracts
internal import Foundation
internal import Testing

extension LedgerLaw {
  static let events = [
    LedgerLaw("each change of a run's state is one event, in order") { bench in
      let ledger = try await bench.ledger()
      #expect(try await ledger.lastEventPosition() == 0)
      let trace = TraceContext()
      let planned = try await bench.planned(ledger, tiles: 2) { $0.trace = trace }
      _ = try await bench.dispatch(ledger)
      for tile in 0..<2 { _ = try await ledger.record(planned.computed(tile)) }
      // Claims and leases are no changes of state.
      let first = try #require(try await ledger.claimStitch(owner: "a", lease: LedgerBench.lease))
      try await ledger.release(first.claim)
      let stitch = try #require(try await ledger.claimStitch(owner: "a", lease: LedgerBench.lease))
      try await ledger.complete(stitch.claim, LedgerBench.outcome)
      try await ledger.complete(stitch.claim, LedgerBench.outcome)

      let events = try await ledger.events(after: 0, limit: 100)
      #expect(events.map(\.state) == [.submitted, .preparing, .predicting, .stitching, .completed])
      #expect(events.map(\.position) == events.map(\.position).sorted() && Set(events.map(\.id)).count == 5)
      #expect(events.allSatisfy { $0.run == planned.run && $0.tenant == .default && $0.trace == trace })
      #expect(try await ledger.events(after: 0, limit: 100) == events)
      #expect(try await ledger.events(after: events[1].position, limit: 2) == Array(events[2...3]))
      #expect(try await ledger.lastEventPosition() == events[4].position)
      #expect(try await ledger.event(events[2].id) == events[2])
      #expect(try await ledger.event(UUID()) == nil)

      let end = events[4]
      #expect(end.type == "tessera.run.completed")
      #expect(end.data.plannedTiles == 2 && end.data.acceptedTiles == 2)
      #expect(
        end.data.labelVoxels == LedgerBench.outcome.labelVoxels && end.data.labelMap == LedgerBench.outcome.labelMap)
      #expect(end.data.labels?.map(\.volume) == [0.1, 0] && end.data.labels?.first?.voxels == 1_234_567_890_123)
      #expect(events.dropLast().allSatisfy { $0.data.labels == nil && $0.data.labelMap == nil })
      #expect(end.data == RunFacts(try #require(try await ledger.run(planned.run))))
    },
    LedgerLaw("a failure is told, and what was told of it stays when the run goes on") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 1)
      _ = try await bench.dispatch(ledger)
      #expect(try await ledger.record(planned.failed(0, .invalid)) == .dead)
      let letter = try #require(try await ledger.deadLetters(onlyOpen: true, run: planned.run, limit: 1).first)
      _ = try await ledger.replay(letter.id, by: "operator")
      let events = try await ledger.events(after: 0, run: planned.run, tenant: nil, limit: 100)
      #expect(events.map(\.state).suffix(2) == [.failed, .predicting])
      #expect(
        events[3].data.failure?.kind == .invalid && events[3].data.failure?.reason.contains("store was away") == true)
      #expect(events[4].data.failure == nil)
    },
    LedgerLaw("events can be read by run and by tenant") { bench in
      let ledger = try await bench.ledger()
      let ward = try Tenant("ward-7")
      let first = try await bench.submitted(ledger)
      let second = try await bench.submitted(ledger) { $0.tenant = ward }
      _ = try await ledger.cancel(first)
      #expect(
        try await ledger.events(after: 0, run: first, tenant: nil, limit: 9).map(\.state) == [.submitted, .cancelled])
      #expect(try await ledger.events(after: 0, run: nil, tenant: ward, limit: 9).map(\.run) == [second])
      #expect(try await ledger.events(after: 0, run: first, tenant: ward, limit: 9) == [])
    },
    LedgerLaw("no event is skipped by who reads while many write") { bench in
      let ledgers = [try await bench.ledger(), try await bench.ledger(), try await bench.ledger()]
      try await ledgers[0].register(LedgerBench.model)
      let runs = 60
      let seen = try await withThrowingTaskGroup(of: [FleetEvent].self) { group in
        group.addTask {
          var (seen, position, idle) = ([FleetEvent](), 0, 0)
          while seen.count < 2 * runs, idle < 2000 {
            let more = try await ledgers[2].events(after: position, limit: 7)
            if let last = more.last { position = last.position }
            seen += more
            idle = more.isEmpty ? idle + 1 : 0
            if more.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
          }
          return seen
        }
        for index in 0..<runs {
          group.addTask {
            let run = try await ledgers[index % 2].submit(LedgerBench.submission("image \(index)")).run
            _ = try await ledgers[(index + 1) % 2].cancel(run)
            return []
          }
        }
        var seen: [FleetEvent] = []
        for try await part in group { seen += part }
        return seen
      }
      #expect(seen.count == 2 * runs && Set(seen.map(\.id)).count == 2 * runs)
      #expect(try await ledgers[0].events(after: 0, limit: 1000) == seen)
    },
    LedgerLaw("an event to publish is one publisher's until the lease is over, and is published once it was said so") {
      bench in
      let ledgers = [try await bench.ledger(), try await bench.ledger()]
      for index in 0..<3 { _ = try await bench.submitted(ledgers[0], "image \(index)") }
      let first = try await ledgers[0].claimEvents(limit: 2, lease: .seconds(10))
      let rest = try await ledgers[1].claimEvents(limit: 9, lease: .seconds(10))
      #expect(first.count == 2 && rest.count == 1)
      #expect(try await ledgers[0].events(after: 0, limit: 9) == first + rest)
      try await ledgers[0].markPublished(first)
      #expect(try await ledgers[0].claimEvents(limit: 9, lease: .seconds(10)) == [])
      try await bench.advance(by: .seconds(11))
      #expect(try await ledgers[0].claimEvents(limit: 9, lease: .seconds(10)) == rest)
      try await ledgers[0].markPublished(rest)
      try await ledgers[0].markPublished(rest)
      try await bench.advance(by: .seconds(11))
      #expect(try await ledgers[0].claimEvents(limit: 9, lease: .seconds(10)) == [])
    },
  ]
}

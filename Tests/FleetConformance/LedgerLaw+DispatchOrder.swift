internal import FleetContracts
internal import Foundation
internal import Testing

extension LedgerLaw {
  static let dispatchOrder = [
    LedgerLaw("a STAT run's tiles go before those that wait, and tenants take turns") { bench in
      let ledger = try await bench.ledger()
      let flood = try await bench.planned(ledger, tiles: 6) { $0.tenant = try Tenant("flood") }
      #expect(try await bench.dispatch(ledger, window: 2) == [flood.job(0), flood.job(1)])
      let other = try await bench.planned(ledger, tiles: 2) { $0.tenant = try Tenant("other") }
      let stat = try await bench.planned(ledger, tiles: 2) { $0.runClass = .stat }
      #expect(
        try await bench.dispatch(ledger, window: 8)
          == [stat.job(0), stat.job(1), flood.job(2), other.job(0), flood.job(3), other.job(1)])
    },
    LedgerLaw("of one tenant, what is due first goes first") { bench in
      let ledger = try await bench.ledger()
      let plain = try await bench.planned(ledger, tiles: 1)
      let late = try await bench.planned(ledger, tiles: 1) { $0.deadline = Date() + 7200 }
      let soon = try await bench.planned(ledger, tiles: 1) { $0.deadline = Date() + 3600 }
      #expect(try await bench.dispatch(ledger) == [soon.job(0), late.job(0), plain.job(0)])
    },
    LedgerLaw("preparation goes by class, then to the tenant with least in work, then by due time") { bench in
      let ledger = try await bench.ledger()
      func submit(_ change: (inout Submission) throws -> Void) async throws -> RunID {
        try await bench.submitted(ledger, change)
      }
      let batch = try await submit { $0.runClass = .batch }
      let first = try await submit { _ in }
      let second = try await submit { _ in }
      let other = try await submit { $0.tenant = try Tenant("other") }
      let stat = try await submit { $0.runClass = .stat }
      let past = try await submit {
        $0.runClass = .batch
        $0.deadline = Date() - 60
      }
      #expect(
        try await ledger.claimSubmittedRun(of: [.stat], owner: "a", lease: LedgerBench.lease)?.run.id == stat)
      #expect(try await ledger.claimSubmittedRun(of: [.stat], owner: "a", lease: LedgerBench.lease) == nil)
      for expected in [past, first, other, second, batch] {
        #expect(try await ledger.claimSubmittedRun(owner: "a", lease: LedgerBench.lease)?.run.id == expected)
      }
    },
    LedgerLaw("a STAT run is stitched before older ones") { bench in
      let ledger = try await bench.ledger()
      let routine = try await bench.planned(ledger, tiles: 1)
      let stat = try await bench.planned(ledger, tiles: 1) { $0.runClass = .stat }
      _ = try await bench.dispatch(ledger)
      for planned in [routine, stat] { _ = try await ledger.record(planned.computed(0)) }
      #expect(try await ledger.claimStitch(owner: "a", lease: LedgerBench.lease)?.claim.run.id == stat.run)
      #expect(try await ledger.claimStitch(owner: "a", lease: LedgerBench.lease)?.claim.run.id == routine.run)
    },
    LedgerLaw("a broker that is found empty is filled up though results are missing") { bench in
      let ledger = try await bench.ledger()
      _ = try await bench.planned(ledger, tiles: 9)
      #expect(try await bench.dispatch(ledger, window: 4).count == 4)
      try await bench.advance(by: .seconds(1))
      var window = DispatchWindow(inFlight: 4, waiting: .init(limit: 2, found: 2, age: .milliseconds(1)))
      #expect(try await ledger.enqueueTiles(window) == DispatchReport(moved: 0, queued: 4))
      window.waiting?.found = 0
      #expect(try await ledger.enqueueTiles(window) == DispatchReport(moved: 2, queued: 6))
      // Another dispatcher that looked at the broker before that.
      window.waiting?.age = .seconds(60)
      #expect(try await ledger.enqueueTiles(window) == DispatchReport(moved: 0, queued: 6))
    },
    LedgerLaw("a measured tile is overdue after several times its usual time, but not while it may still wait") {
      bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 4, operations: 1e9)
      _ = try await bench.dispatch(ledger)
      _ = try await ledger.record(planned.computed(0))  // 2 s
      var rule = OverdueRule(shortest: .seconds(5), longest: .seconds(900), factor: 5, waiting: 1)
      try await bench.advance(by: .seconds(9))
      #expect(try await ledger.requeueOverdueTiles(rule) == 0)
      try await bench.advance(by: .seconds(2))
      #expect(try await ledger.requeueOverdueTiles(rule) == 2)
      rule.waiting = 0
      #expect(try await ledger.requeueOverdueTiles(rule) == 1)
    },
  ]

  static let pausing = [
    LedgerLaw("what is paused is listed until it goes on") { bench in
      let ledger = try await bench.ledger()
      #expect(try await ledger.pauses() == [])
      for scope in [PauseScope.all, .tenant(.default), .model("it's"), .runClass(.batch)] {
        try await ledger.pause(scope)
        try await ledger.pause(scope)
      }
      #expect(
        Set(try await ledger.pauses().map(\.scope)) == [.all, .tenant(.default), .model("it's"), .runClass(.batch)])
      #expect(try await ledger.resume(.model("it's")))
      #expect(try await ledger.resume(.model("it's")) == false)
      #expect(try await ledger.pauses().count == 3)
    },
    LedgerLaw("a paused run is neither prepared nor handed out, its tiles in hand are taken, and it goes on") { bench in
      let ledger = try await bench.ledger()
      let scopes = [PauseScope.all, .tenant(try Tenant("t")), .model(LedgerBench.model.name), .runClass(.batch)]
      for scope in scopes {
        let planned = try await bench.planned(ledger, tiles: 2) {
          $0.tenant = try Tenant("t")
          $0.runClass = .batch
        }
        #expect(try await bench.dispatch(ledger, window: 1) == [planned.job(0)])
        let waiting = try await bench.submitted(ledger) {
          $0.tenant = try Tenant("t")
          $0.runClass = .batch
        }
        try await ledger.pause(scope)
        #expect(try await ledger.record(planned.computed(0)) == .accepted(completesPass: false))
        #expect(try await bench.dispatch(ledger) == [])
        #expect(try await ledger.claimSubmittedRun(owner: "a", lease: LedgerBench.lease) == nil)
        try await ledger.resume(scope)
        #expect(try await bench.dispatch(ledger) == [planned.job(1)])
        #expect(try await ledger.record(planned.computed(1)) == .accepted(completesPass: true))
        _ = try await ledger.cancel(waiting)
      }
    },
    LedgerLaw("others go on beside what is paused") { bench in
      let ledger = try await bench.ledger()
      _ = try await bench.planned(ledger, tiles: 1) { $0.tenant = try Tenant("t") }
      let other = try await bench.planned(ledger, tiles: 1)
      try await ledger.pause(.tenant(try Tenant("t")))
      try await ledger.pause(.model("another"))
      try await ledger.pause(.runClass(.stat))
      #expect(try await bench.dispatch(ledger) == [other.job(0)])
    },
  ]
}

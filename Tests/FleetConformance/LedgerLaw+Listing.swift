internal import FleetContracts
internal import Foundation
internal import Testing

extension LedgerLaw {
  static let listing = [
    LedgerLaw("leafing shows each run once, the newest first, whatever is submitted meanwhile") { bench in
      let ledger = try await bench.ledger()
      var expected: [RunID] = []
      for index in 0..<7 { expected.insert(try await bench.submitted(ledger, "image \(index)"), at: 0) }
      var seen: [RunID] = []
      var last: RunID?
      while true {
        let page = try await ledger.runs(RunFilter(), after: last, limit: 3)
        seen += page.map(\.id)
        guard let end = page.last?.id else { break }
        last = end
        _ = try await bench.submitted(ledger, "later")
      }
      #expect(seen == expected)
      #expect(try await ledger.runs(RunFilter(), after: RunID(), limit: 3).isEmpty, "a cursor of nowhere")
    },
    LedgerLaw("a filter leaves the runs of a tenant, class, state, model and time") { bench in
      let ledger = try await bench.ledger()
      let plain = try await bench.submitted(ledger)
      let urgent = try await bench.submitted(ledger) {
        $0.runClass = .stat
        $0.tenant = try Tenant("emergency")
      }
      _ = try await ledger.cancel(urgent)
      let (emergency, nobody) = (try Tenant("emergency"), try Tenant("nobody"))
      func found(_ change: (inout RunFilter) -> Void) async throws -> [RunID] {
        var filter = RunFilter()
        change(&filter)
        return try await ledger.runs(filter, after: nil, limit: 10).map(\.id)
      }
      #expect(try await found { _ in } == [urgent, plain])
      #expect(try await found { $0.tenant = emergency } == [urgent])
      #expect(try await found { $0.tenant = nobody }.isEmpty)
      #expect(try await found { $0.runClass = .routine } == [plain])
      #expect(try await found { $0.states = [.submitted] } == [plain])
      #expect(try await found { $0.states = [.submitted, .cancelled] } == [urgent, plain])
      #expect(try await found { $0.model = LedgerBench.model.name } == [urgent, plain])
      #expect(try await found { $0.model = "another" }.isEmpty)
      let time = try #require(try await ledger.run(urgent)).submittedAt
      #expect(try await found { $0.since = time.addingTimeInterval(3600) }.isEmpty)
      #expect(try await found { $0.until = time.addingTimeInterval(3600) } == [urgent, plain])
      #expect(try await found { $0.until = time.addingTimeInterval(-3600) }.isEmpty)
    },
  ]
}

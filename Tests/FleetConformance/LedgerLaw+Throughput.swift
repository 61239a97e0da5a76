internal import FleetContracts
internal import Foundation
internal import Testing

extension LedgerLaw {
  static let throughput = [
    LedgerLaw("a throughput has each step, also those in which nothing was done") { bench in
      let ledger = try await bench.ledger()
      for step in ThroughputStep.allCases {
        let points = try await ledger.throughput(by: step, steps: 48)
        #expect(points.count == 48)
        #expect(points.allSatisfy { $0.tiles == 0 && $0.runs == 0 })
        #expect(
          zip(points, points.dropFirst()).allSatisfy { $1.start.timeIntervalSince($0.start) == Double(step.seconds) })
        let last = try #require(points.last).start
        #expect(abs(last.timeIntervalSinceNow) <= Double(step.seconds) + 5, "the last step is that of now")
        #expect(last.timeIntervalSince1970.truncatingRemainder(dividingBy: Double(step.seconds)) == 0)
      }
    },
    LedgerLaw("a throughput counts accepted tiles once, and completed runs") { bench in
      let ledger = try await bench.ledger()
      let planned = try await bench.planned(ledger, tiles: 3)
      _ = try await ledger.enqueueTiles(window: 3)
      for tile in [0, 0, 1] {
        _ = try await ledger.record(
          TileResult(
            job: planned.job(tile), outcome: .computed(probabilities: LedgerBench.digest("tile \(tile)"), bytes: 8),
            worker: "w", engine: "e"))
      }
      // Two steps: the tests may run over a minute's end.
      let minutes = try await ledger.throughput(by: .minute, steps: 2)
      #expect(minutes.reduce(0) { $0 + $1.tiles } == 2)
      #expect(minutes.reduce(0) { $0 + $1.runs } == 0)
      #expect(try await ledger.throughput(by: .hour, steps: 2).reduce(0) { $0 + $1.tiles } == 2)
    },
  ]
}

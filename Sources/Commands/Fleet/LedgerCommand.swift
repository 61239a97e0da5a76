internal import ArgumentParser
internal import FleetContracts

/// `tessera ledger`
struct LedgerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ledger", abstract: "Looks after the ledger.", subcommands: [Check.self])

  /// `tessera ledger check`
  struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Checks the fleet's promises I1 to I12, as far as the ledger can see them.",
      discussion: """
        Each promise is a view of the database that must be empty at any moment, also while the fleet works. Exit code 70 when one isn't.

          tessera ledger check && echo "all promises are kept"
        """)

    @Option(help: "How many broken promises are listed at most.")
    var limit = 100

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

    func run() async throws {
      try await Failures.reported {
        let ledger = try await fleet.adapters(for: "ledger").ledger()
        let report = try await ledger.audit(limit: limit)
        await ledger.close()
        if json { try Output.json(AuditReport(report)) } else { Output.line(AuditReport(report).table) }
        if !report.violations.isEmpty { throw ExitCodes.failed }
      }
    }
  }
}

/// An audit as it is shown.
private struct AuditReport: Encodable {
  struct Promise: Encodable {
    var invariant: String
    var promise: String
    var violations: [Violation]
  }

  struct Violation: Encodable {
    var broken: String
    var run: RunID?
    var detail: String
  }

  var runs: Int
  var tiles: Int
  var recomputedTiles: Int
  var promises: [Promise]

  init(_ report: LedgerAuditReport) {
    runs = report.runs
    tiles = report.tiles
    recomputedTiles = report.recomputedTiles
    promises = Invariant.allCases.map { invariant in
      Promise(
        invariant: "\(invariant)", promise: invariant.promise,
        violations: report.violations.filter { $0.invariant == invariant }.map {
          Violation(broken: $0.broken, run: $0.run, detail: $0.detail)
        })
    }
  }

  var table: String {
    var table = TextTable([("", .left), ("promise", .left), ("", .left)])
    for promise in promises {
      table.add([promise.invariant, promise.promise, promise.violations.isEmpty ? "kept" : "BROKEN"])
    }
    var lines = [table.rendered(), "", "\(runs) runs, \(tiles) tiles; \(recomputedTiles) tiles were computed in vain."]
    for promise in promises {
      for violation in promise.violations {
        let run = violation.run.map { " run \($0)," } ?? ""
        lines.append("\(promise.invariant): \(violation.broken):\(run) \(violation.detail)")
      }
    }
    return lines.joined(separator: "\n")
  }
}

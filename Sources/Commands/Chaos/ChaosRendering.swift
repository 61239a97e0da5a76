internal import Chaos

/// How the chaos table and its reports are shown.
enum ChaosRendering {
  private struct ListedRow: Encodable {
    var row: Int
    var fault: String
    var means: String
    var invariants: [String]
    var seconds: Int
    var isQuick: Bool
    var needs: [Need]
  }

  static func print(_ scenarios: [Scenario], json: Bool) throws {
    if json {
      return try Output.json(
        scenarios.map {
          ListedRow(
            row: $0.row, fault: $0.fault, means: $0.means, invariants: $0.invariants.map(\.name), seconds: $0.seconds,
            isQuick: $0.isQuick, needs: $0.needs.sorted { $0.rawValue < $1.rawValue })
        })
    }
    var table = TextTable([
      ("row", .right), ("fault", .left), ("seconds", .right), ("quick", .left), ("invariants", .left),
    ])
    for scenario in scenarios {
      table.add([
        "\(scenario.row)", scenario.fault, "\(scenario.seconds)", scenario.isQuick ? "yes" : "",
        scenario.invariants.map(\.name).joined(separator: " "),
      ])
    }
    Output.line(table.rendered())
  }

  private static func print(_ findings: [Finding]) {
    for finding in findings {
      let name = finding.invariant?.name ?? ""
      let padding = String(repeating: " ", count: max(0, 4 - name.count))
      Output.line("  \(finding.holds ? "held  " : "BROKEN")  \(name)\(padding)\(finding.what): \(finding.counted)")
    }
  }

  static func print(_ report: SoakReport, json: Bool) throws {
    if json { return try Output.json(report) }
    let tally = report.tally
    Output.line("soak of \(Formats.seconds(tally.seconds)): \(tally.submitted) studies submitted")
    Output.line(
      "  ok \(tally.ok)  lost \(tally.lost)  unexpected \(tally.unexpected)  duplicated \(tally.duplicated)  recovered \(tally.recovered)"
    )
    let kills = tally.kills.sorted { $0.key < $1.key }.map { "\($0.value) of role \($0.key)" }.joined(separator: ", ")
    Output.line("  \(tally.allKills) kills (\(kills)); \(tally.outages.joined(separator: ", "))")
    print(report.findings)
    Output.line("\(report.isBroken ? "broken" : "held"); seed \(report.seed), tessera \(report.softwareVersion)")
  }

  static func print(_ report: ChaosReport, json: Bool) throws {
    if json { return try Output.json(report) }
    for row in report.rows {
      Output.line("row \(row.row)  \(row.fault)")
      print(row.findings)
      Output.line("  \(row.verdict.rawValue), \(Formats.seconds(row.seconds))\(row.remark.map { ": \($0)" } ?? "")")
    }
    func count(_ verdict: ChaosReport.Verdict) -> Int { report.rows.count { $0.verdict == verdict } }
    Output.line(
      "\(report.rows.count) rows: \(count(.held)) held, \(count(.broken)) broken, \(count(.skipped)) skipped; seed \(report.seed), tessera \(report.softwareVersion)"
    )
  }
}

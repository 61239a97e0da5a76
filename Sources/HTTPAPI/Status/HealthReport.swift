internal import Foundation

/// What `/livez`, `/readyz` and `/startupz` answer: 200 when all is well, else 503, with the reasons as JSON.
struct HealthReport: Encodable {
  struct Check: Encodable {
    var name: String
    /// `ok` or `failing`.
    var status: String
    var detail: String
  }

  var status: String
  var checks: [Check]
  var isGood: Bool { status == "ok" }

  init(_ findings: [(name: String, finding: HealthFinding)]) {
    checks = findings.map { Check(name: $0.name, status: Self.word($0.finding.isGood), detail: $0.finding.detail) }
    status = Self.word(findings.allSatisfy(\.finding.isGood))
  }

  private static func word(_ isGood: Bool) -> String { isGood ? "ok" : "failing" }
}

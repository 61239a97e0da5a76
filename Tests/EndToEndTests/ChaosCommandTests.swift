import Foundation
import Testing
import Testkit

/// The short set of the chaos table. `Compose/chaos` plays all of it.
@Suite(
  .serialized,
  .enabled(if: PrivateServers.areInstalled, "needs rabbitmq-server and postgresql; Compose/install brings them"))
struct ChaosCommandTests {
  private struct Report: Decodable {
    struct Row: Decodable {
      struct Finding: Decodable {
        var what: String
        var holds: Bool
        var counted: String
      }

      var row: Int
      var verdict: String
      var remark: String?
      var findings: [Finding]
    }

    var rows: [Row]
  }

  @Test(.timeLimit(.minutes(10)))
  func theQuickRowsHold() async throws {
    let folder = try TemporaryFolder()
    let result = try await TesseraProcess.run(
      ["chaos", "--quick", "--json", "--compose", Fixtures.repository.appending(path: "Compose").path],
      environment: [:], folder: folder.url)
    let report = try Fleet.decode(Report.self, from: result.output)
    for row in report.rows {
      let broken = row.findings.filter { !$0.holds }.map { "\($0.what): \($0.counted)" }
      #expect(row.verdict == "held", "row \(row.row): \(row.remark ?? "") \(broken)")
    }
    #expect(report.rows.count >= 6)
    #expect(result.code == 0, "\(result.log.suffix(1500))")
  }
}

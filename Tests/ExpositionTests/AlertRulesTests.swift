import FleetMetrics
import Foundation
import Testing
import Testkit

/// The example rules of the page Monitoring.
@Suite struct AlertRulesTests {
  private static func rules() throws -> String {
    let page = Fixtures.repository.appending(path: "Sources/tessera/Tessera.docc/Monitoring.md")
    let text = try String(contentsOf: page, encoding: .utf8)
    return try #require(
      text.components(separatedBy: "```yaml\ngroups:").dropFirst().first?.components(separatedBy: "```").first)
  }

  @Test func theyAskForMetricsAndLabelsThatThereAre() throws {
    let expressions = try Self.rules().split(separator: "\n").filter { $0.contains("expr: ") }
    #expect(expressions.count >= 5)
    let families = Dictionary(uniqueKeysWithValues: FleetMetrics.all.map { ($0.name, $0) })
    for expression in expressions {
      let names = expression.matches(of: /tessera_[a-z_]+/).map { String($0.output) }
      #expect(!names.isEmpty)
      for name in names { #expect(families[name] != nil, "\(name) isn't emitted") }
      for match in expression.matches(of: /(tessera_[a-z_]+)\{([a-z]+)=/) {
        #expect(families[String(match.1)]?.labels.contains(String(match.2)) == true, "\(expression)")
      }
    }
  }

  private static let promtool = ["/usr/bin/promtool", "/usr/local/bin/promtool"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  @Test(.enabled(if: promtool != nil, "needs promtool; Debian's package prometheus brings it"))
  func prometheusAcceptsThem() throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appending(path: "tessera.rules.yaml")
    try ("groups:" + (try Self.rules())).write(to: file, atomically: true, encoding: .utf8)
    let process = Process()
    process.executableURL = URL(filePath: try #require(Self.promtool))
    process.arguments = ["check", "rules", file.path]
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }
}

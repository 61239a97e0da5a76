import FleetMetrics
import Foundation
import Testing
import Testkit

/// What every metric of the fleet keeps to, and whether the page Monitoring tells the same.
@Suite struct MetricNamesTests {
  /// Name, type and labels from the table of the page.
  private static func documented() throws -> [String: (kind: String, labels: [String])] {
    let page = Fixtures.repository.appending(path: "Sources/tessera/Tessera.docc/Monitoring.md")
    var rows: [String: (String, [String])] = [:]
    for line in try String(contentsOf: page, encoding: .utf8).split(separator: "\n") {
      let cells = line.split(separator: "|", omittingEmptySubsequences: false)
        .map { $0.trimmingCharacters(in: .whitespaces) }
      guard cells.count == 6, ["counter", "gauge", "histogram"].contains(cells[2]) else { continue }
      let labels = cells[3].split(separator: ",").map { $0.trimmingCharacters(in: CharacterSet(charactersIn: " `")) }
      rows[cells[1].trimmingCharacters(in: CharacterSet(charactersIn: "`"))] = (cells[2], labels)
    }
    return rows
  }

  private static func word(_ kind: MetricFamily.Kind) -> String {
    switch kind {
    case .counter: "counter"
    case .gauge: "gauge"
    case .histogram: "histogram"
    }
  }

  @Test func thePageHasAllMetricsAndNoOthers() throws {
    let documented = try Self.documented()
    #expect(Set(documented.keys) == Set(FleetMetrics.all.map(\.name)))
    for family in FleetMetrics.all {
      #expect(documented[family.name]?.kind == Self.word(family.kind), "\(family.name)")
      #expect(documented[family.name]?.labels == family.labels, "\(family.name)")
    }
  }

  @Test func namesKeepToTheRulesOfPrometheus() throws {
    let families = FleetMetrics.all
    #expect(Set(families.map(\.name)).count == families.count)
    for family in families {
      #expect(family.name.wholeMatch(of: /(tessera|process)_[a-z0-9_]*[a-z0-9]/) != nil, "\(family.name)")
      #expect((family.kind == .counter) == family.name.hasSuffix("_total"), "\(family.name)")
      for suffix in ["_bucket", "_sum", "_count"] { #expect(!family.name.hasSuffix(suffix), "\(family.name)") }
      for label in family.labels {
        #expect(label.wholeMatch(of: /[a-z][a-z0-9_]*/) != nil && label != "le", "\(family.name) \(label)")
        #expect(!["run", "tile", "pass", "study", "patient"].contains(label), "\(family.name) \(label)")
      }
      #expect(family.help.hasSuffix("."), "\(family.name)")
      if case .histogram(let bounds) = family.kind {
        #expect(bounds == bounds.sorted() && Set(bounds).count == bounds.count, "\(family.name)")
        #expect(family.name.hasSuffix("_seconds"), "\(family.name)")
      }
    }
  }
}

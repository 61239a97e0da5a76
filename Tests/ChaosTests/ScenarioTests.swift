import Foundation
import Testing
import Testkit

@testable import Chaos

@Suite struct ScenarioTests {
  @Test func eachRowIsThereOnceAndNamesItsInvariants() {
    let rows = Scenario.all.map(\.row)
    #expect(rows == rows.sorted() && Set(rows).count == rows.count)
    for scenario in Scenario.all {
      #expect(!scenario.invariants.isEmpty, "row \(scenario.row)")
      #expect((1...25).contains(scenario.row))
    }
  }

  @Test func thePageTellsWhatTheProgramDoes() throws {
    let page = try String(
      contentsOf: Fixtures.repository.appending(path: "Sources/tessera/Tessera.docc/Chaos.md"), encoding: .utf8)
    for scenario in Scenario.all {
      let invariants = scenario.invariants.map(\.name).joined(separator: " ")
      let line = "| \(scenario.row) | \(scenario.fault) | \(scenario.means) | \(invariants) | \(scenario.seconds) |"
      #expect(page.contains(line), "Chaos.md lacks: \(line)")
    }
  }

  @Test func theShortSetIsShort() {
    #expect(Scenario.all.filter(\.isQuick).reduce(0) { $0 + $1.seconds } <= 85)
  }
}

@Suite struct ChaosRandomTests {
  @Test func oneSeedGivesOneSequence() {
    var (one, other) = (ChaosRandom(seed: 7), ChaosRandom(seed: 7))
    #expect((0..<100).allSatisfy { _ in one.next() == other.next() })
    var different = ChaosRandom(seed: 8)
    #expect(one.next() != different.next())
  }
}

@Suite struct TinyCaseTests {
  @Test func theSameSeedGivesTheSameImage() throws {
    let (first, second) = (try TemporaryFolder(), try TemporaryFolder())
    let one = try TinyCase(in: first.url, seed: 3)
    let other = try TinyCase(in: second.url, seed: 3)
    #expect(try Data(contentsOf: one.image) == Data(contentsOf: other.image))
    #expect(
      FileManager.default.fileExists(atPath: one.model.appending(path: "fold_0/model_final_checkpoint.model").path))
  }
}

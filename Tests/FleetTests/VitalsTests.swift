import Logging
import Testing

@testable import Fleet

@Suite struct VitalsTests {
  @Test func aSilentLoopIsStuckOnlyWhenWhatItNeedsWasThere() {
    let vitals = Vitals()
    vitals.sign(of: "prepare", again: .zero)
    vitals.sign(of: "dispatch", again: .seconds(60))
    let served = vitals.loops(servedFor: .seconds(3600))
    #expect(served.map(\.name) == ["dispatch", "prepare"])
    #expect(served.map(\.isStuck) == [false, true])
    #expect(vitals.loops(servedFor: .zero).allSatisfy { !$0.isStuck }, "it waits for a server")
  }

  @Test func aLoopThatTurnsGivesSignsAndLeavesNoneBehind() async {
    let vitals = Vitals()
    var seen: [String] = []
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        await ServiceLoop(
          step: "stitch", interval: .milliseconds(1), logger: Logger(label: "test"), vitals: vitals
        ).run { false }
      }
      while seen.isEmpty {
        seen = vitals.loops(servedFor: .zero).map(\.name)
        await Task.yield()
      }
      group.cancelAll()
    }
    #expect(seen == ["stitch"])
    #expect(vitals.loops(servedFor: .zero).isEmpty)
  }
}

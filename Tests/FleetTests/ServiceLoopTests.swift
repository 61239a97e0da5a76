import Logging
import Testing

@testable import Fleet

@Suite struct ServiceLoopTests {
  @Test(arguments: [
    (idle: Duration.zero, pause: Duration.milliseconds(2)),
    (.milliseconds(100), .milliseconds(5)),
    (.seconds(60), .milliseconds(20)),
  ])
  func pausesGrowWithTheTimeThatNothingWasFound(idle: Duration, pause: Duration) {
    let loop = ServiceLoop(
      step: "stitch", interval: .milliseconds(20), shortestPause: .milliseconds(2), logger: Logger(label: "test"))
    #expect(loop.pause(idle: idle) == pause)
  }

  @Test func withoutAShortestPauseAllAreAlike() {
    let loop = ServiceLoop(step: "upkeep", interval: .seconds(60), logger: Logger(label: "test"))
    #expect(loop.pause(idle: .zero) == .seconds(60))
    #expect(loop.pause(idle: .seconds(3600)) == .seconds(60))
  }
}

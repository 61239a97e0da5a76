import FleetContracts
import Foundation
import Testing

@testable import Commands

@Suite struct UrgencyWordTests {
  private let now = Date(timeIntervalSince1970: 1_000_000)

  @Test func aDeadlineIsATimeOrADurationFromNow() {
    #expect(Deadline("1970-01-31T12:00:00Z", now: now)?.date == Date(timeIntervalSince1970: 2_635_200))
    for (text, seconds) in [("90s", 90.0), ("45m", 2700), ("1.5h", 5400), ("2d", 172_800)] {
      #expect(Deadline(text, now: now)?.date == now.addingTimeInterval(seconds))
    }
    for text in ["", "m", "-1h", "nanh", "infd", "1e9d", "2h30m", "tomorrow"] {
      #expect(Deadline(text, now: now) == nil)
    }
  }

  @Test func classesAndTenantsAreChecked() throws {
    #expect(try UrgencyWord.runClass("stat") == .stat)
    #expect(throws: (any Error).self) { try UrgencyWord.runClass("STAT") }
    #expect(try UrgencyWord.tenant("Radiology_2.eu-1").name == "Radiology_2.eu-1")
    for name in ["", "-a", ".a", "a b", "ä", String(repeating: "a", count: 64), "a\n"] {
      #expect(throws: (any Error).self) { try UrgencyWord.tenant(name) }
    }
  }
}

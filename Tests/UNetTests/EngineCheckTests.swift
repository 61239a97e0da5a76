import Kernels
import Testing

@testable import UNet

/// What `tessera doctor` computes to see whether the engines are right.
@Suite struct EngineCheckTests {
  @Test func everyEngineOfThisMachineIsChecked() throws {
    let checks = try EngineCheck.all()
    #expect(checks.count == InstructionSet.available.count + 1)
    #expect(Set(checks.map(\.engine)).count == checks.count)
    for check in checks { #expect(check.relativeError < 1e-5 && check.isGood, "\(check)") }
    #expect(checks.contains { $0.relativeError > 0 }, "a comparison of two computations, not of one with itself")
  }

  @Test func aWrongValueShows() {
    #expect(EngineCheck.relativeError([1, 2, 2], [1, 2, 2]) == 0)
    #expect(EngineCheck.relativeError([1, 2, 3], [1, 2, 2]) == 1.0 / 3)
    #expect(!EngineCheck(engine: "x", relativeError: EngineCheck.relativeError([1, .nan], [1, 2])).isGood)
  }
}

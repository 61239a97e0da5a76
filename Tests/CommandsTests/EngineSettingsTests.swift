import Foundation
import Kernels
import Testing
import Testkit
import UNet

@testable import Commands

/// `--engine` and `--isa`, as flags and as settings.
@Suite struct EngineSettingsTests {
  @Test func automaticIsTheDefault() async throws {
    #expect(try await FleetSettings.read().engine == EngineRequest(.automatic))
    #expect(try EngineOptions.parse([]).request == EngineRequest(.automatic))
  }

  @Test func wordsAreUnderstood() async throws {
    let settings = try await FleetSettings.read(flags: ["engine": "winograd", "isa": "\(InstructionSet.portable)"])
    #expect(settings.engine == EngineRequest(.winograd, instructionSet: .portable))
    #expect(
      try EngineOptions.parse(["--engine", "winograd", "--isa", "\(InstructionSet.portable)"]).request
        == settings.engine)
    #expect(try EngineOptions.parse(["--engine", "blas"]).request == EngineRequest(.blas))
  }

  @Test func aFileOfSettingsHasTheSameKeys() async throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appending(path: "settings.json")
    try Data(#"{"engine": "blas", "worker": {"slots": 2}}"#.utf8).write(to: file)
    let settings = try await FleetSettings.read(flags: ["isa": nil], file: file.path)
    #expect(settings.engine == EngineRequest(.blas) && settings.slots == 2)
    #expect(try await FleetSettings.read(flags: ["engine": "winograd"], file: file.path).engine.choice == .winograd)
  }

  @Test(arguments: [
    ("engine", "fast", "one of blas, winograd, winograd-small, automatic"), ("isa", "avx1024", "avx2"),
  ])
  func aWordThatIsNoneIsNamed(key: String, word: String, says: String) async throws {
    let error = await #expect(throws: SettingsError.self) { try await FleetSettings.read(flags: [key: word]) }
    #expect(error?.description.contains(word) == true && error?.description.contains(says) == true)
    #expect(throws: (any Error).self) { try EngineOptions.parse(["--\(key)", word]) }
  }

  @Test func aContradictionIsRefused() {
    #expect(throws: (any Error).self) {
      try EngineOptions.parse(["--engine", "blas", "--isa", "\(InstructionSet.portable)"])
    }
    #expect(Failures.exitCode(of: EngineRequestError.instructionSetOfBlas(.avx2)) == ExitCodes.usage)
  }
}

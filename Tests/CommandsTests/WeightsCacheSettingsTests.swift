import Foundation
import Testing
import Testkit

@testable import Commands

/// Where transformed weights are kept: as flags, in the environment and in a file.
@Suite struct WeightsCacheSettingsTests {
  @Test func theDefaultIsAFolderInTheUsersCache() {
    let settings = WeightsCacheSettings(folder: nil, limit: nil, userCache: "/home/x/.cache/tessera")
    #expect(settings.folder == "/home/x/.cache/tessera/weights" && settings.limit == 10 << 30)
    #expect(settings.cache?.folder == settings.folder)
  }

  @Test func noneMeansNoCache() async throws {
    #expect(try await FleetSettings.read(flags: ["weights.cache": "none"]).weights.cache == nil)
  }

  @Test func aFlagWinsOverAFile() async throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appending(path: "settings.json")
    try Data(#"{"weights": {"cache": "/a", "limit": "2GiB"}}"#.utf8).write(to: file)
    // Tests themselves may run with a setting in the environment, which wins over the file.
    let settings = try await FleetSettings.read(flags: ["weights.cache": "/b"], file: file.path).weights
    #expect(settings.folder == "/b" && settings.limit == 2 << 30)
    let options = try WeightsCacheOptions.parse(["--weights-cache", "/c", "--weights-limit", "1GiB"])
    let flagged = try await FleetSettings.read(flags: options.flags, file: file.path).weights
    #expect(flagged.folder == "/c" && flagged.limit == 1 << 30)
  }

  @Test func aLimitThatIsNoneIsNamed() async throws {
    let error = await #expect(throws: SettingsError.self) {
      try await FleetSettings.read(flags: ["weights.limit": "much"])
    }
    #expect(error?.description.contains("weights.limit is much") == true)
  }
}

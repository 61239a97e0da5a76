import Foundation
import Testing
import Testkit

/// `tessera up`, and what a caller can rely on when it submits.
@Suite(
  .serialized,
  .enabled(if: PrivateServers.areInstalled, "needs rabbitmq-server and postgresql; Compose/install brings them"))
struct UpCommandTests {
  private let image = Fixtures.directory.appending(path: "Task501/images/colin_small_0000.nii.gz")

  @Test(.timeLimit(.minutes(5)))
  func allRolesInOneProcessEndAStudyAndAKeyFindsItAgain() async throws {
    let fleet = try await Fleet()
    let up = try TesseraProcess(["up"], environment: fleet.environment, folder: fleet.folder.url)
    let submit = ["submit", image.path, "--model", "tissue", "--disable_tta", "--key", "study-1", "--json"]
    struct Run: Decodable {
      var run: String
      var state: String?
    }
    let first = try Fleet.decode(Run.self, from: try await fleet.succeed(submit + ["--wait"]))
    #expect(first.state == "completed")
    let again = try Fleet.decode(Run.self, from: try await fleet.succeed(submit))
    #expect(again.run == first.run, "the same key and content answer the same run")

    let other = try await TesseraProcess.run(
      ["submit", image.path, "--model", "tissue", "--key", "study-1"], environment: fleet.environment,
      folder: fleet.folder.url)
    #expect(other.code == 65)
    #expect(other.log.contains("study-1"), "other content under the same key is refused")

    let unknown = try await TesseraProcess.run(
      ["submit", image.path, "--model", "nothing"], environment: fleet.environment, folder: fleet.folder.url)
    #expect(unknown.code == 65)
    #expect(unknown.log.contains("tessera model list"))

    up.send(SIGTERM)
    #expect(try await up.finish(within: 60).code == 0)
  }
}

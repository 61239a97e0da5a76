import Foundation
import Testing
import Testkit

/// What a person sees in a browser: the dashboard of a real fleet, the viewer, reports. Contrast, names, overlaps and keyboard are checked
/// at desktop and phone size, in light and dark.
@Suite(
  .serialized,
  .enabled(
    if: BrowserProcess.isInstalled, "needs chromium, chromium-driver, python3-selenium; Compose/test brings them"))
struct DashboardTests {
  private let image = Fixtures.directory.appending(path: "demo/images/colin27_0000.nii.gz")

  /// A study from the page, a tile that fails, its replay from the page, and the slices of the result.
  @Test(
    .timeLimit(.minutes(5)),
    .enabled(if: PrivateServers.areInstalled, "needs rabbitmq-server and postgresql; Compose/install brings them"))
  func aStudyIsSubmittedWatchedReplayedAndLookedAt() async throws {
    let fleet = try await Fleet()
    let serve = try WatchedProcess()
    let roles = [
      try await fleet.start("dispatcher"), try await fleet.start("aggregator"),
      try await fleet.start("serve", ["--open", "--listen", serve.listen]),
    ]
    // Each tile takes a while, so that progress can be seen.
    let faulty = try await fleet.start(
      "worker", environment: ["TESSERA_FAULT": "worker.fetched#1=fail:poison,worker.computed=delay:0.1"])
    let url = "http://\(serve.listen)/"
    let run = try await BrowserProcess.run("submit", url, [image.path])
    #expect(try await fleet.status(run).state == "failed")
    faulty.send(SIGTERM)
    _ = try await faulty.finish(within: 60)
    let sound = try await fleet.start("worker")
    _ = try await BrowserProcess.run("replay", url, [run])
    #expect(try await fleet.status(run).state == "completed")
    let report = fleet.folder.url.appending(path: "report.html")
    try await fleet.succeed(["report", run, "-o", report.path, "--mosaic", fleet.folder.url.path + "/mosaic.png"])
    _ = try await BrowserProcess.run("report", report.path)
    try await token(fleet)
    for role in roles + [sound] { #expect(role.isRunning) }
  }

  /// A server that wants tokens is given one in the page.
  private func token(_ fleet: Fleet) async throws {
    let secret = try await fleet.succeed(["token", "create", "person", "--scope", "read"])
      .trimmingCharacters(in: .whitespacesAndNewlines)
    let serve = try WatchedProcess()
    let guarded = try await fleet.start("serve", ["--listen", serve.listen])
    _ = try await BrowserProcess.run("token", "http://\(serve.listen)/", [secret])
    #expect(!guarded.logText.contains(secret))
  }

  /// Slices of 8 mm, permuted axes: what a report shows is true to mm, and none of the checks finds anything.
  @Test(.timeLimit(.minutes(3)))
  func aLocalReportIsReadableEverywhere() async throws {
    let folder = try TemporaryFolder()
    let result = try await TesseraProcess.run(
      [
        "predict", "-i", Fixtures.directory.appending(path: "Task501/images/colin_thick_0000.nii.gz").path, "-o",
        folder.url.path, "-d", Fixtures.directory.appending(path: "Task501/model").path, "--disable_tta", "--report",
        "--mosaic",
      ], environment: [:], folder: folder.url)
    try #require(result.code == 0, "\(result.log)")
    #expect(FileManager.default.fileExists(atPath: folder.url.appending(path: "colin_thick_mosaic.png").path))
    let page = folder.url.appending(path: "colin_thick.html")
    let size = try #require(try FileManager.default.attributesOfItem(atPath: page.path)[.size] as? Int)
    #expect((50_000..<4 << 20).contains(size))
    let text = try String(contentsOf: page, encoding: .utf8)
    #expect(!text.contains("colin_thick"), "a case's name may tell of a patient")
    _ = try await BrowserProcess.run("report", page.path)
  }
}

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

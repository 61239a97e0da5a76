import Foundation
import NiftiIO
import Testing
import Testkit

/// Models of old planners in torch's legacy format get nnU-Net 1.7.1's labels, by the words that nnU-Net uses.
@Suite(.serialized) struct OldModelsTests {
  private static let fixtures = Fixtures.directory.appending(path: "old")

  @Test(arguments: [
    ("2d", ["-f", "0"], "2d-f0"), ("2d", ["-f", "all"], "2d-all"),
    ("3d_fullres", ["-f", "0", "1", "-chk", "model_best"], "3d-f01-best"),
    ("3d_fullres", ["-chk", "model_best"], "3d-f01-best"),
  ])
  func labelsAreNnunets(model: String, words: [String], answer: String) async throws {
    let folder = try TemporaryFolder()
    let image = Fixtures.directory.appending(path: "Task501/images/colin_small_0000.nii.gz")
    let out = folder.url.appending(path: "out")
    let result = try await TesseraProcess.run(
      ["predict", "-i", image.path, "-o", out.path, "-d", Self.fixtures.appending(path: model).path] + words,
      environment: [:], folder: folder.url)
    #expect(result.code == 0, "\(result.log)")
    let ours = try LabelMap.load(out.appending(path: "colin_small.nii.gz"))
    let expected = try LabelMap.load(Self.fixtures.appending(path: "expected/\(answer).nii.gz"))
    let differing = withExtendedLifetime((ours, expected)) {
      zip(ours.labels.elements, expected.labels.elements).count { $0 != $1 }
    }
    #expect(ours.labels.extent == expected.labels.extent && differing == 0, "\(differing) labels differ")
  }
}

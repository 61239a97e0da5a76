import Digests
import Foundation
import ModelStore
import Testing
import Testkit

@Suite("Manifests of models")
struct ModelManifestTests {
  @Test("a manifest names the files of the selected folds, and nothing else")
  func files() throws {
    let folder = try ModelFolder(folds: ["fold_0", "fold_1", "all"])
    try ScratchFile.write(Array("{}".utf8), to: folder.url.appending(path: "postprocessing.json"))
    try ScratchFile.write([1], to: folder.url.appending(path: "fold_1/progress.png"))
    let manifest = try ModelManifest(of: folder.open(.list([1])))
    #expect(
      manifest.files.map(\.path) == [
        "fold_1/model_final_checkpoint.model", "fold_1/model_final_checkpoint.model.pkl", "postprocessing.json",
      ])
    #expect(manifest.files[2].size == 2)
    #expect(manifest.files[2].sha256 == Digest(of: Array("{}".utf8)))
  }

  @Test("the same files make the same bytes and the same digest; one changed byte makes another")
  func deterministic() throws {
    let folder = try ModelFolder(folds: ["fold_0", "fold_1"])
    let first = try ModelManifest(of: folder.open())
    let copy = try ModelFolder(folds: ["fold_1", "fold_0"])
    let again = try ModelManifest(of: copy.open())
    #expect(first == again)
    #expect(try first.encoded() == again.encoded())
    let digest = try first.digest
    #expect(try again.digest == digest)
    #expect(try ModelManifest(of: folder.open(.list([0]))).digest != digest)
    #expect(try ModelManifest(of: folder.open(.list([1, 0]))).digest != digest)

    var bytes = [UInt8](try Data(contentsOf: folder.checkpoint))
    bytes[bytes.count / 2] ^= 1
    try folder.replace(folder.checkpoint, with: bytes)
    #expect(try ModelManifest(of: folder.open()).digest != digest)
  }

  @Test("a manifest comes back from its JSON, and opens the same folds where the files were fetched to")
  func fetched() throws {
    let folder = try ModelFolder(folds: ["fold_0", "fold_1", "all"])
    let manifest = try ModelManifest(of: folder.open(.list([1, 0])))
    let decoded = try JSONDecoder().decode(ModelManifest.self, from: manifest.encoded())
    #expect(decoded == manifest)
    let elsewhere = try TemporaryFolder()
    for file in decoded.files {
      let target = elsewhere.url.appending(path: file.path)
      try FileManager.default.createDirectory(
        at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
      try FileManager.default.copyItem(at: folder.url.appending(path: file.path), to: target)
    }
    let model = try TrainedModel.open(
      folder: elsewhere.url, folds: decoded.foldSelection, checkpoint: decoded.checkpoint)
    #expect(model.folds.map(\.folder) == ["fold_1", "fold_0"])
    #expect(try ModelManifest(of: model).digest == manifest.digest)
  }

  @Test(
    "paths that lead out of the model's folder are refused",
    arguments: ["/etc/passwd", "../x", "fold_0/../../x", "", "a//b", "./a", "a/"])
  func paths(_ path: String) throws {
    let folder = try ModelFolder()
    var manifest = try ModelManifest(of: folder.open())
    manifest.files[0].path = path
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(ModelManifest.self, from: manifest.encoded()) }
  }
}

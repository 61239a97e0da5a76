import Foundation
import NiftiIO
import Testing
import Testkit

/// `tessera model` as a user types it: to and from nnU-Net's zip files, and in a fleet.
@Suite(.serialized) struct ModelCommandTests {
  private static let task = Fixtures.directory.appending(path: "Task501")
  private static let place = "3d_fullres/Task501_BrainTissue/nnUNetTrainerV2__nnUNetPlansv2.1"
  private static let image = task.appending(path: "images/colin_small_0000.nii.gz")
  private static let answer = task.appending(path: "expected/Task501-3d_fullres-f0-nomirror/colin_small.nii.gz")
  private let folder: TemporaryFolder
  private var source: URL { folder.url.appending(path: "source") }
  private var target: URL { folder.url.appending(path: "target") }
  private var zip: URL { folder.url.appending(path: "Task501.zip") }

  /// A folder of results with fold 0 of Task501, as nnU-Net would have left it.
  init() throws {
    folder = try TemporaryFolder()
    let model = source.appending(path: "nnUNet/\(Self.place)")
    try FileManager.default.createDirectory(at: model.deletingLastPathComponent(), withIntermediateDirectories: true)
    try FileManager.default.copyItem(at: Self.task.appending(path: "model"), to: model)
    for note in ["debug.json", "progress.png"] {
      try Data("{}".utf8).write(to: model.appending(path: "fold_0/\(note)"))
    }
    try Data(#"{"for_which_classes": [], "min_valid_object_sizes": "None"}"#.utf8)
      .write(to: model.appending(path: "postprocessing.json"))
  }

  private func tessera(
    _ arguments: [String], results: URL? = nil
  ) async throws -> (code: Int32, output: String, log: String) {
    try await TesseraProcess.run(
      arguments, environment: results.map { ["RESULTS_FOLDER": $0.path] } ?? [:], folder: folder.url)
  }

  private func predicted(in results: URL) async throws -> [UInt8] {
    let out = folder.url.appending(path: "out-\(results.lastPathComponent)")
    let result = try await tessera(
      ["predict", "-i", Self.image.path, "-o", out.path, "-t", "501", "--disable_tta"], results: results)
    #expect(result.code == 0, "\(result.log)")
    return try labels(out.appending(path: "colin_small.nii.gz"))
  }

  private func labels(_ url: URL) throws -> [UInt8] {
    let map = try LabelMap.load(url)
    return withExtendedLifetime(map) { Array(map.labels.elements) }
  }

  @Test func aModelTravelsByZipFile() async throws {
    let export = try await tessera(
      ["model", "export", "-t", "501", "-o", zip.path, "-m", "3d", "-f", "0"], results: source)
    #expect(export.code == 0 && export.output.contains("fold_0"), "\(export.log)")
    let install = try await tessera(["model", "import", zip.path, "--results", target.path])
    #expect(install.code == 0 && install.output.contains(Self.place), "\(install.log)")
    #expect(try await predicted(in: target) == labels(Self.answer))
    let again = try await tessera(["model", "import", zip.path], results: target)
    #expect(again.code == 65 && again.log.contains("--overwrite"), "\(again.log)")
    let verified = try await tessera(["model", "verify", zip.path])
    #expect(verified.code == 0 && verified.output.contains("whole   fold_0"), "\(verified.log)")
    let strict = try await tessera(["model", "export", "-t", "501", "-o", zip.path], results: source)
    #expect(strict.code == 65 && strict.log.contains("--disable_strict"), "\(strict.log)")
  }

  @Test func aDamagedModelIsNoticed() async throws {
    let model = source.appending(path: "nnUNet/\(Self.place)")
    let whole = try await tessera(["model", "verify", model.path])
    #expect(whole.code == 0, "\(whole.log)")
    let checkpoint = model.appending(path: "fold_0/model_final_checkpoint.model")
    var bytes = try Data(contentsOf: checkpoint)
    bytes[bytes.count / 2] ^= 1
    try bytes.write(to: checkpoint)
    let damaged = try await tessera(["model", "verify", model.path])
    #expect(damaged.code == 65 && damaged.log.contains("damaged"), "\(damaged.log)")
  }

  /// nnU-Net installs our zip file and predicts with it, and we install and predict with nnU-Net's: the same labels.
  @Test(.enabled(if: Nnunet.isAtHand, Comment(rawValue: Nnunet.absence)))
  func nnunetTakesOurZipFilesAndWeTakeItsOwn() async throws {
    let expected = try labels(Self.answer)
    let export = try await tessera(
      ["model", "export", "-t", "501", "-o", zip.path, "-m", "3d_fullres", "-f", "0"], results: source)
    #expect(export.code == 0, "\(export.log)")
    let code = "from nnunet.inference.pretrained_models"
    let install = try Nnunet.run(
      code: "\(code).download_pretrained_model import install_model_from_zip_file as f; f('\(zip.path)')",
      results: target)
    #expect(install.code == 0, "\(install.log)")
    let input = folder.url.appending(path: "in")
    try FileManager.default.createDirectory(at: input, withIntermediateDirectories: true)
    try FileManager.default.copyItem(at: Self.image, to: input.appending(path: Self.image.lastPathComponent))
    let out = folder.url.appending(path: "oracle")
    let oracle = try Nnunet.run(
      ["predict", "-i", input.path, "-o", out.path, "-t", "Task501_BrainTissue", "-f", "0", "--disable_tta"],
      results: target)
    #expect(oracle.code == 0, "\(oracle.log)")
    #expect(try labels(out.appending(path: "colin_small.nii.gz")) == expected)

    let theirs = folder.url.appending(path: "theirs.zip")
    let packed = try Nnunet.run(
      code: """
        \(code).collect_pretrained_models import export_pretrained_model as f
        f('Task501_BrainTissue', '\(theirs.path)', models=('3d_fullres',), folds=(0,))
        """, results: source)
    #expect(packed.code == 0, "\(packed.log)")
    let other = folder.url.appending(path: "other")
    let imported = try await tessera(["model", "import", theirs.path], results: other)
    #expect(imported.code == 0, "\(imported.log)")
    #expect(try await predicted(in: other) == expected)
  }

  @Test(
    .enabled(if: PrivateServers.areInstalled, "needs rabbitmq-server and postgresql; Compose/install brings them"),
    .timeLimit(.minutes(5)))
  func aFleetsModelIsAddedFromAZipFileShownVerifiedAndRemoved() async throws {
    let export = try await tessera(
      ["model", "export", "-t", "501", "-o", zip.path, "-m", "3d", "-f", "0"], results: source)
    #expect(export.code == 0, "\(export.log)")
    let fleet = try await Fleet()
    try await fleet.succeed(["model", "add", zip.path, "--name", "zipped"])
    let shown = try await fleet.succeed(["model", "show", "zipped"])
    #expect(shown.contains("fold_0/model_final_checkpoint.model") && shown.contains("grey matter"), "\(shown)")
    let verified = try await fleet.succeed(["model", "verify", "zipped"])
    #expect(verified.contains("whole") && !verified.contains("BROKEN"))

    // The checkpoint's blob loses a bit; `tissue` shares it.
    struct Shown: Decodable {
      struct Manifest: Decodable {
        struct File: Decodable {
          var path: String
          var sha256: String
        }
        var files: [File]
      }
      var manifest: Manifest
    }
    let files = try Fleet.decode(Shown.self, from: try await fleet.succeed(["model", "show", "zipped", "--json"]))
      .manifest.files
    let digest = try #require(files.first { $0.path.hasSuffix(".model") }).sha256
    let blob = fleet.folder.url.appending(path: "store/\(digest.prefix(2))/\(digest.dropFirst(2).prefix(2))/\(digest)")
    var bytes = try Data(contentsOf: blob)
    bytes[1000] ^= 1
    try FileManager.default.removeItem(at: blob)
    try bytes.write(to: blob)
    let broken = try await TesseraProcess.run(
      ["model", "verify", "zipped"], environment: fleet.environment, folder: fleet.folder.url)
    #expect(broken.code == 65 && broken.output.contains("BROKEN  fold_0/model_final_checkpoint.model"), "\(broken.log)")

    try await fleet.succeed(["model", "remove", "zipped"])
    for command in ["show", "remove", "verify"] {
      let gone = try await TesseraProcess.run(
        ["model", command, "zipped"], environment: fleet.environment, folder: fleet.folder.url)
      #expect(gone.code == 65 && gone.log.contains("tessera model list"), "\(gone.log)")
    }
    #expect(try await fleet.succeed(["model", "list"]).contains("tissue"))
  }
}

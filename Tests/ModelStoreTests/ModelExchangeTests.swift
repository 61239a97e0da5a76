import Foundation
import ModelStore
import Testing
import Testkit
import ZipFiles

/// A model's way from one folder of results through a zip file to another.
@Suite struct ModelExchangeTests {
  private static let task = "Task501_Tiny"
  private let temporary: TemporaryFolder
  private var source: URL { temporary.url.appending(path: "source") }
  private var target: URL { temporary.url.appending(path: "target") }
  private var file: URL { temporary.url.appending(path: "models.zip") }

  /// A folder of results with the tiny model as `2d`, folds 0 and 1, and as `3d_fullres` without postprocessing.
  init() throws {
    temporary = try TemporaryFolder()
    try put("2d/\(Self.task)/nnUNetTrainerV2__nnUNetPlansv2.1", folds: ["fold_0", "fold_1", "all"])
    try put("3d_fullres/\(Self.task)/nnUNetTrainerV2__nnUNetPlansv2.1", folds: ["fold_0", "fold_1"])
    try write("2d/\(Self.task)/nnUNetTrainerV2__nnUNetPlansv2.1/postprocessing.json", "{}")
    try write("2d/\(Self.task)/nnUNetTrainerV2__nnUNetPlansv2.1/dataset.json", "{\"labels\": {}}")
    try write("2d/\(Self.task)/nnUNetTrainerV2__nnUNetPlansv2.1/fold_0/debug.json", "{}")
    try write("2d/\(Self.task)/nnUNetTrainerV2__nnUNetPlansv2.1/fold_0/training_log.txt", "not exported")
    for (first, second) in [
      ("2d__nnUNetTrainerV2__nnUNetPlansv2.1", "3d_fullres__nnUNetTrainerV2__nnUNetPlansv2.1"),
      ("2d__other__nnUNetPlansv2.1", "3d_fullres__nnUNetTrainerV2__nnUNetPlansv2.1"),
    ] { try write("ensembles/\(Self.task)/ensemble_\(first)--\(second)/postprocessing.json", "{}") }
  }

  private func put(_ path: String, folds: [String]) throws {
    for fold in folds {
      let folder = source.appending(path: "nnUNet/\(path)/\(fold)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      for suffix in [".model", ".model.pkl"] {
        try FileManager.default.copyItem(
          at: CheckpointFormatTests.folder("zip").appending(path: "fold_0/model_final_checkpoint\(suffix)"),
          to: folder.appending(path: "model_final_checkpoint\(suffix)"))
      }
    }
    try write("\(path)/plans.pkl", "any")
  }

  private func write(_ path: String, _ text: String) throws {
    let url = source.appending(path: "nnUNet/\(path)")
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try ScratchFile.write(Array(text.utf8), to: url)
  }

  private func files(in folder: URL) -> [String] {
    let root = folder.appending(path: "nnUNet")
    return ((try? FileManager.default.subpathsOfDirectory(atPath: root.path)) ?? []).filter { path in
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: root.appending(path: path).path, isDirectory: &isFolder)
        && !isFolder.boolValue
    }.sorted()
  }

  private func export(
    _ configurations: [ModelConfiguration] = [.twoDimensional], folds: [FoldName] = [FoldName(0), FoldName(1)],
    isStrict: Bool = true
  ) throws -> ModelExport {
    try ModelExport(
      results: source, task: "501", configurations: configurations, folds: folds, isStrict: isStrict)
  }

  @Test func whatIsExportedIsInstalledElsewhere() throws {
    let export = try export([.twoDimensional, .fullResolution], isStrict: false)
    #expect(export.omissions.count == 1 && export.omissions[0].contains("postprocessing.json"))
    try export.write(to: file)
    let archive = try ModelArchive(file)
    let folders = try ModelInstaller(results: target).install(archive)
    let installed = files(in: target)
    #expect(installed == export.members.map(\.path).sorted())
    #expect(!installed.contains { $0.hasSuffix("training_log.txt") } && !installed.contains { $0.contains("/all/") })
    #expect(installed.filter { $0.hasPrefix("ensembles/") }.count == 1, "of the exported trainers only")
    for path in installed {
      let copies = try [source, target].map { try Data(contentsOf: $0.appending(path: "nnUNet/\(path)")) }
      #expect(copies[0] == copies[1], "\(path)")
    }
    let model = try TrainedModel.open(folder: folders[0])
    #expect(model.folds.map(\.folder) == ["fold_0", "fold_1"])
    let found = try ModelLocation.find(results: target, task: Self.task, configuration: "2d")
    #expect(found.path == folders[0].path)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: target.appending(path: "nnUNet").path).sorted() == [
        "2d", "3d_fullres", "ensembles",
      ], "nothing is left beside")
  }

  @Test func theSameModelsMakeTheSameZipFile() throws {
    try export().write(to: file)
    let first = try Data(contentsOf: file)
    try export().write(to: file)
    #expect(try Data(contentsOf: file) == first)
  }

  @Test func foldAllIsExportedByName() throws {
    try export(folds: [.all]).write(to: file)
    #expect(try ModelArchive(file).units.first?.folds == [.all])
  }

  @Test func whatIsMissingIsSaid() throws {
    for (body, words) in [
      ({ _ = try export([.lowResolution]) }, "3d_lowres"),
      ({ _ = try export([.fullResolution]) }, "postprocessing.json"),
      ({ _ = try export(folds: [FoldName(7)]) }, "fold_7"),
      ({ _ = try export([.lowResolution], isStrict: false) }, "nothing"),
      ({ _ = try ModelExport(results: source, task: "502") }, "502"),
    ] as [(() throws -> Void, String)] {
      let error = #expect(throws: ModelStoreError.self) { try body() }
      #expect(error?.description.contains(words) == true, "\(words)")
    }
  }

  @Test func modelsThatAreThereAreOnlyReplacedOnDemand() throws {
    try export().write(to: file)
    let installer = ModelInstaller(results: target)
    let folder = try installer.install(ModelArchive(file))[0]
    let marker = folder.appending(path: "marker")
    try ScratchFile.write([1], to: marker)
    let error = #expect(throws: ModelStoreError.self) { try installer.install(ModelArchive(file)) }
    #expect(error?.code == .exists)
    #expect(FileManager.default.fileExists(atPath: marker.path))
    try installer.install(ModelArchive(file), replaces: true)
    #expect(!FileManager.default.fileExists(atPath: marker.path))
    #expect(try TrainedModel.open(folder: folder).folds.count == 2)
  }

  @Test func foldsThatTheArchiveLacksAreNeverReplaced() throws {
    try export().write(to: file)
    let installer = ModelInstaller(results: target)
    let folder = try installer.install(ModelArchive(file))[0]
    try FileManager.default.createDirectory(at: folder.appending(path: "fold_2"), withIntermediateDirectories: true)
    let error = #expect(throws: ModelStoreError.self) { try installer.install(ModelArchive(file), replaces: true) }
    #expect(error?.description.contains("fold_2") == true)
    #expect(try TrainedModel.open(folder: folder, folds: .list([0, 1])).folds.count == 2)
  }

  /// The second model can't be put into place: the first, which was replaced, is as before.
  @Test func aFailureOnTheWayChangesNothing() throws {
    try export([.twoDimensional, .fullResolution], isStrict: false).write(to: file)
    let installer = ModelInstaller(results: target)
    try installer.install(ModelArchive(file))
    let old = target.appending(path: "nnUNet/2d/\(Self.task)/nnUNetTrainerV2__nnUNetPlansv2.1/marker")
    try ScratchFile.write([1], to: old)
    let obstacle = target.appending(path: "nnUNet/3d_fullres/\(Self.task)")
    try FileManager.default.removeItem(at: obstacle)
    try ScratchFile.write([1], to: obstacle)  // a file where a folder must be
    let before = files(in: target)
    #expect(throws: ModelStoreError.self) { try installer.install(ModelArchive(file), replaces: true) }
    #expect(files(in: target) == before)
  }

  @Test func damagedArchivesInstallNothing() throws {
    try export().write(to: file)
    var bytes = Array(try Data(contentsOf: file))
    for place in bytes.count / 3..<bytes.count / 3 + 100 { bytes[place] ^= 0x55 }
    try ScratchFile.write(bytes, to: file)
    #expect(throws: ModelStoreError.self) { try ModelInstaller(results: target).install(ModelArchive(file)) }
    #expect(files(in: target).isEmpty)
  }
}

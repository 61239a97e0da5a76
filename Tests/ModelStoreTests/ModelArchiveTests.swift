import Foundation
import ModelStore
import Testing
import Testkit

@Suite struct ModelArchiveTests {
  private static let model = "3d_fullres/Task007_Thing/nnUNetTrainerV2__nnUNetPlansv2.1"
  private let folder: TemporaryFolder
  private var file: URL { folder.url.appending(path: "models.zip") }

  init() throws { folder = try TemporaryFolder() }

  private func open(_ forge: ZipForge, limits: ModelArchive.Limits = .init()) throws -> ModelArchive {
    try? FileManager.default.removeItem(at: file)
    try ScratchFile.write(forge.bytes, to: file)
    return try ModelArchive(file, limits: limits)
  }

  private func refusal(_ forge: ZipForge, limits: ModelArchive.Limits = .init()) -> String? {
    do {
      _ = try open(forge, limits: limits)
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test func modelsFoldsAndEnsemblesAreFound() throws {
    let archive = try open(
      ZipForge([
        "\(Self.model)/", "\(Self.model)/plans.pkl", "\(Self.model)/fold_0/model_final_checkpoint.model",
        "\(Self.model)/fold_0/model_final_checkpoint.model.pkl", "\(Self.model)/all/model_final_checkpoint.model",
        "2d/Task007_Thing/x__y/postprocessing.json", "2d/Task007_Thing/x__y/fold_1/debug.json",
        "ensembles/Task007_Thing/ensemble_a--b/postprocessing.json", "__MACOSX/x", "\(Self.model)/.DS_Store",
        "readme.txt", "3d_fullres/Task007_Thing/stray.txt",
      ]))
    #expect(
      archive.units.map(\.path) == [
        "2d/Task007_Thing/x__y", Self.model, "ensembles/Task007_Thing/ensemble_a--b",
      ])
    #expect(archive.units.map { $0.folds.map(\.folder) } == [["fold_1"], ["all", "fold_0"], []])
    #expect(archive.units.map(\.hasPostprocessing) == [true, false, true])
    #expect(archive.units.map(\.isEnsemble) == [false, false, true])
    #expect(archive.units.map(\.size) == [14, 28, 7] && archive.units[0].task == "Task007_Thing")
    #expect(
      archive.ignored == ["__MACOSX/x", "\(Self.model)/.DS_Store", "readme.txt", "3d_fullres/Task007_Thing/stray.txt"])
  }

  @Test(arguments: [
    "../evil", "/etc/evil", "\(ModelArchiveTests.model)/fold_0/../../../../../evil", "\(ModelArchiveTests.model)/./x",
    "\(ModelArchiveTests.model)//x", "..\\evil", "\(ModelArchiveTests.model)/fold_0/..", "..",
    "\(ModelArchiveTests.model)/" + String(repeating: "a", count: 300),
    "\(ModelArchiveTests.model)/" + String(repeating: "a/", count: 1500) + "a", "", "/",
  ])
  func namesThatLeadOutAreRefused(name: String) throws {
    let message = try #require(refusal(ZipForge(["\(Self.model)/fold_0/a", name])))
    #expect(message.contains("Nothing was written"), "\(message)")
  }

  @Test func linksDevicesAndSecretsAreRefused() throws {
    for mode in [0o120777, 0o020666, 0o060666, 0o010666, 0o140777] as [UInt32] {
      let link = ZipForge.Member(name: "\(Self.model)/fold_0", content: Array("/etc".utf8), mode: mode)
      let message = try #require(refusal(ZipForge([.init(name: "\(Self.model)/all/a"), link])))
      #expect(message.contains("a link, encrypted, or no plain file"), "\(message)")
    }
    let secret = ZipForge.Member(name: "\(Self.model)/fold_0/a", flags: 1)
    #expect(try #require(refusal(ZipForge([secret]))).contains("encrypted"))
  }

  /// Claims that no bytes stand behind, and many members over the same bytes: zip bombs (Fifield: A better zip bomb, WOOT 2019).
  @Test func bombsAreRefusedBeforeAnythingIsWritten() throws {
    let large = ZipForge.Member(name: "\(Self.model)/fold_0/0", content: [UInt8](repeating: 7, count: 10_000))
    let copies = (1..<50).map { ZipForge.Member(name: "\(Self.model)/fold_0/\($0)", sharing: 0) }
    #expect(try #require(refusal(ZipForge([large] + copies))).contains("share bytes"))
    let lie = ZipForge.Member(name: "\(Self.model)/fold_0/a", size: 1 << 31)
    #expect(try #require(refusal(ZipForge([lie]))).contains("can't be"))
    let many = ZipForge((0..<20).map { "\(Self.model)/fold_0/\($0)" })
    #expect(try #require(refusal(many, limits: .init(files: 19))).contains("20 files"))
    #expect(try #require(refusal(many, limits: .init(size: 139))).contains("139 bytes"))
    #expect(refusal(many, limits: .init(files: 20, size: 140)) == nil)
  }

  @Test func namesThatMeetAreRefused() throws {
    #expect(try #require(refusal(ZipForge(["\(Self.model)/all/a", "\(Self.model)/all/a"]))).contains("twice"))
    #expect(
      try #require(refusal(ZipForge(["\(Self.model)/all", "\(Self.model)/all/a"]))).contains("a file and a folder"))
  }

  @Test func archivesWithoutAModelAreRefused() throws {
    for names in [[], ["readme.txt"], ["ensembles/Task007_Thing/e/postprocessing.json"], ["4d/Task007/x__y/fold_0/a"]] {
      #expect(try #require(refusal(ZipForge(names))).contains("holds no model"))
    }
    try ScratchFile.write(Array("no zip file at all".utf8), to: file)
    #expect(throws: ModelStoreError.self) { try ModelArchive(file) }
    #expect(throws: ModelStoreError.self) { try ModelArchive(folder.url.appending(path: "missing.zip")) }
  }

  @Test func damagedMembersAreNoticedWhenTheyAreUnpacked() throws {
    var bytes = ZipForge(["\(Self.model)/all/a", "\(Self.model)/all/b"]).bytes
    let place = try #require(bytes.firstRange(of: Array("content".utf8)))
    bytes[place.lowerBound] ^= 1
    try ScratchFile.write(bytes, to: file)
    let target = folder.url.appending(path: "out")
    #expect(throws: ModelStoreError.self) { try ModelArchive(file).unpack(into: target) }
    #expect(!FileManager.default.fileExists(atPath: target.appending(path: "\(Self.model)/all/a").path))
  }

  /// Thousands of damaged archives: unpacked or refused, and never a file outside.
  @Test func damageDoesNoHarm() throws {
    var generator = SplitMix64(seed: 17)
    let whole = ZipForge(["\(Self.model)/all/a", "\(Self.model)/plans.pkl", "2d/Task1_T/x__y/fold_0/b"]).bytes
    let target = folder.url.appending(path: "inner/out")
    for _ in 0..<1500 {
      try ScratchFile.write(Mutation.mutate(whole, using: &generator), to: file)
      do {
        try ModelArchive(file).unpack(into: target)
      } catch {}
      try? FileManager.default.removeItem(at: target)
    }
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted()
    #expect(Set(names).isSubset(of: ["inner", "models.zip"]))
    #expect(
      ((try? FileManager.default.contentsOfDirectory(atPath: folder.url.appending(path: "inner").path)) ?? []).isEmpty)
  }
}

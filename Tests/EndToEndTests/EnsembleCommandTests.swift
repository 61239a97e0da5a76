import Foundation
import NiftiIO
import Testing
import Testkit

/// `tessera ensemble` as a user types it, and beside nnU-Net's own.
@Suite(.serialized) struct EnsembleCommandTests {
  private static let fixtures = Fixtures.directory.appending(path: "ensemble")
  private static let members = ["first", "second", "third"]
  private let folder: TemporaryFolder
  private var out: URL { folder.url.appending(path: "out") }

  init() throws { folder = try TemporaryFolder() }

  private func ensemble(_ arguments: [String]) async throws -> (code: Int32, output: String, log: String) {
    try await TesseraProcess.run(["ensemble"] + arguments, environment: [:], folder: folder.url)
  }

  private static func folders(_ kind: String) -> [String] {
    members.map { fixtures.appending(path: "\(kind)/\($0)").path }
  }

  private func labels(_ url: URL) throws -> [UInt8] { Self.labels(of: try LabelMap.load(url)) }

  private static func labels(of map: LabelMap) -> [UInt8] { withExtendedLifetime(map) { Array(map.labels.elements) } }

  @Test(arguments: ["softmax", "regions"])
  func labelsAndGeometryAreNnunets(kind: String) async throws {
    let result = try await ensemble(["-f"] + Self.folders(kind) + ["-o", out.path, "--npz", "-t", "2"])
    #expect(result.code == 0, "\(result.log)")
    let ours = try LabelMap.load(out.appending(path: "case.nii.gz"))
    let expected = try LabelMap.load(Self.fixtures.appending(path: "\(kind)/expected/case.nii.gz"))
    #expect(Self.labels(of: ours) == Self.labels(of: expected) && ours.geometry == expected.geometry)
    // What was kept can be averaged again.
    let again = folder.url.appending(path: "again")
    let second = try await ensemble(["-f", out.path, "-o", again.path])
    #expect(second.code == 0, "\(second.log)")
    #expect(try labels(again.appending(path: "case.nii.gz")) == Self.labels(of: expected))
    let skipped = try await ensemble(["-f"] + Self.folders(kind) + ["-o", out.path])
    #expect(skipped.code == 0 && skipped.log.contains("skipped"))
  }

  @Test func postprocessingLeavesTheLabelsBeforeIt() async throws {
    let rules = folder.url.appending(path: "rules.json")
    try Data(#"{"for_which_classes": [[1, 2], 3], "min_valid_object_sizes": "None"}"#.utf8).write(to: rules)
    let result = try await ensemble(["-f"] + Self.folders("softmax") + ["-o", out.path, "-pp", rules.path])
    #expect(result.code == 0, "\(result.log)")
    let before = try labels(out.appending(path: "not_postprocessed/case.nii.gz"))
    #expect(try before == labels(Self.fixtures.appending(path: "softmax/expected/case.nii.gz")))
    let after = try labels(out.appending(path: "case.nii.gz"))
    #expect(after != before && zip(after, before).allSatisfy { $0 == $1 || $0 == 0 })
    #expect(try Data(contentsOf: out.appending(path: "rules.json")) == Data(contentsOf: rules))
  }

  @Test func aMistakeGetsOneClearSentence() async throws {
    let lonely = folder.url.appending(path: "lonely")
    try FileManager.default.createDirectory(at: lonely, withIntermediateDirectories: true)
    let first = Self.fixtures.appending(path: "softmax/first")
    let other = Self.fixtures.appending(path: "regions/first")
    for (arguments, code, words) in [
      (["-f", lonely.path, "-o", out.path], Int32(65), "holds an .npz"),
      (["-f", first.path, lonely.path, "-o", out.path], 65, "case.npz"),
      (["-f", first.path, other.path, "-o", out.path], 65, "regions_class_order"),
      (["-f", first.path, "-o", out.path, "--weights", "1", "2"], 64, "--weights"),
      (["-f", first.path, "-o", out.path, "-pp", "missing.json"], 65, "missing.json"),
    ] {
      let result = try await ensemble(arguments)
      #expect(result.code == code && result.log.contains(words), "\(result.log)")
      #expect(!result.log.contains("Fatal") && !result.log.contains("NSCocoa"), "\(result.log)")
    }
  }

  /// What `tessera predict` saves, nnU-Net averages with what it saved itself, and the other way round: the same labels.
  @Test(.enabled(if: Nnunet.isAtHand, Comment(rawValue: Nnunet.absence)))
  func eitherToolContinuesTheOthersWork() async throws {
    let task = Fixtures.directory.appending(path: "Task501")
    let saved = folder.url.appending(path: "saved")
    let predicted = try await TesseraProcess.run(
      [
        "predict", "-i", task.appending(path: "images/colin_small_0000.nii.gz").path, "-o", saved.path, "-d",
        task.appending(path: "model").path, "-z",
      ], environment: [:], folder: folder.url)
    #expect(predicted.code == 0, "\(predicted.log)")
    let theirs = folder.url.appending(path: "theirs")
    try FileManager.default.createDirectory(at: theirs, withIntermediateDirectories: true)
    for suffix in ["npz", "pkl"] {
      let name = "colin_small.\(suffix)"
      try FileManager.default.copyItem(
        at: task.appending(path: "expected/Task501-3d_fullres-f0-nomirror/\(name)"), to: theirs.appending(path: name))
    }
    let rules = folder.url.appending(path: "postprocessing.json")
    try Data(#"{"for_which_classes": [[1, 2], 1], "min_valid_object_sizes": "None"}"#.utf8).write(to: rules)
    for folders in [[saved, theirs], [theirs, saved]] {
      let arguments = ["-f"] + folders.map(\.path) + ["-pp", rules.path]
      let (ours, oracle) = (folder.url.appending(path: "ours"), folder.url.appending(path: "oracle"))
      let mine = try await ensemble(arguments + ["-o", ours.path, "--overwrite_existing"])
      let other = try Nnunet.run(["ensemble"] + arguments + ["-o", oracle.path], results: folder.url)
      #expect(mine.code == 0 && other.code == 0, "\(mine.log) \(other.log)")
      for name in ["colin_small.nii.gz", "not_postprocessed/colin_small.nii.gz"] {
        let (map, expected) = (
          try LabelMap.load(ours.appending(path: name)), try LabelMap.load(oracle.appending(path: name))
        )
        #expect(Self.labels(of: map) == Self.labels(of: expected) && map.geometry == expected.geometry)
      }
    }
  }

  /// The larger set of nnU-Net's answers, where it is at hand: two configurations of five folds each, postprocessed.
  @Test(.enabled(if: Fixtures.golden != nil, "the folder of nnU-Net's answers isn't at hand"))
  func twoConfigurationsAreNnunets() async throws {
    let answers = try #require(Fixtures.golden).appending(path: "expected")
    let name = "Task501-ensemble-3d_fullres-3d_lowres-f01234-nomirror"
    let result = try await ensemble([
      "-f", answers.appending(path: "Task501-3d_fullres-f01234-nomirror").path,
      answers.appending(path: "Task501-3d_lowres-f01234-nomirror").path, "-o", out.path, "-pp",
      answers.appending(path: "selection-3d_fullres-3d_lowres/ensemble-postprocessing.json").path,
    ])
    #expect(result.code == 0, "\(result.log)")
    for file in ["colin_2mm.nii.gz", "colin_thick.nii.gz"].flatMap({ [$0, "not_postprocessed/\($0)"] }) {
      let ours = try LabelMap.load(out.appending(path: file))
      let expected = try LabelMap.load(answers.appending(path: "\(name)/\(file)"))
      #expect(Self.labels(of: ours) == Self.labels(of: expected), "\(file)")
      #expect(ours.geometry == expected.geometry, "\(file)")
    }
  }
}

import Foundation
import NiftiIO
import Testing
import Testkit
import Volumes

/// From raw images to a trained fold as a user types it, on a task so small that it takes seconds.
@Suite(.serialized) struct TrainCommandTests {
  private static let task = "Task778_Tiny"
  private static let cases = (0..<5).map { "tiny_0\($0)" }
  private static let model = "nnUNet/3d_fullres/\(task)/nnUNetTrainerV2__nnUNetPlansv2.1"
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func run(
    _ arguments: [String], results: String = "results"
  ) async throws -> (code: Int32, output: String, log: String) {
    try await TesseraProcess.run(arguments, environment: environment(results), folder: folder.url)
  }

  private func environment(_ results: String) -> [String: String] {
    [
      "nnUNet_raw_data_base": folder.url.path, "nnUNet_preprocessed": folder.url.appending(path: "preprocessed").path,
      "RESULTS_FOLDER": folder.url.appending(path: results).path,
    ]
  }

  /// Five cases with a bright ball, which is label 1, at different places.
  private func makeTask(planning: [String] = []) async throws {
    let raw = folder.url.appending(path: "nnUNet_raw_data/\(Self.task)")
    for name in ["imagesTr", "labelsTr"] {
      try FileManager.default.createDirectory(at: raw.appending(path: name), withIntermediateDirectories: true)
    }
    for (number, name) in Self.cases.enumerated() {
      let extent = Extent(z: 16, y: 18, x: 20)
      let (image, labels) = (LabelVolume(extent: extent), LabelVolume(extent: extent))
      for z in 0..<16 {
        for y in 0..<18 {
          for x in 0..<20 {
            let (dz, dy, dx) = (z - 7 - number % 2, y - 8 + number % 3, x - 9 - number)
            let isInside = dz * dz + dy * dy + dx * dx < 20
            let place = (z * 18 + y) * 20 + x
            labels.elements[place] = isInside ? 1 : 0
            image.elements[place] = UInt8((isInside ? 150 : 40) + (z * 7 + y * 13 + x * 5 + number) % 23)
          }
        }
      }
      let geometry = ImageGeometry(spacing: Spacing(z: 1, y: 1, x: 1))
      try LabelMap(labels: image, geometry: geometry).write(to: raw.appending(path: "imagesTr/\(name)_0000.nii.gz"))
      try LabelMap(labels: labels, geometry: geometry).write(to: raw.appending(path: "labelsTr/\(name).nii.gz"))
    }
    let listed = Self.cases.map { #"{"image": "./imagesTr/\#($0).nii.gz", "label": "./labelsTr/\#($0).nii.gz"}"# }
    let json =
      #"{"modality": {"0": "MRI"}, "labels": {"0": "background", "1": "ball"}, "training": [\#(listed.joined(separator: ", "))], "test": []}"#
    try Data(json.utf8).write(to: raw.appending(path: "dataset.json"))
    let planned = try await run(
      ["plan", "-t", "778", "-m", "3d", "--base-features", "4", "--verify_dataset_integrity"] + planning)
    #expect(planned.code == 0, "\(planned.log)")
  }

  private func train(_ more: [String]) -> [String] {
    [
      "train", "3d_fullres", "nnUNetTrainerV2", "778", "0", "--epochs", "3", "--iterations", "40",
      "--validation-iterations", "3", "--seed", "5",
    ] + more
  }

  private func file(_ results: String, _ name: String) -> URL {
    folder.url.appending(path: "\(results)/\(Self.model)/\(name)")
  }

  private func labels(_ file: URL) throws -> [UInt8] {
    let map = try LabelMap.load(file)
    return withExtendedLifetime(map) { Array(map.labels.elements) }
  }

  /// Killed in the middle of an epoch and stopped in another, on other numbers of threads: the checkpoint has the bits of a training that
  /// nobody disturbed, and so have the validation's label maps.
  @Test func aTrainingThatWasKilledEndsWithTheSameBits() async throws {
    try await makeTask()
    let whole = try await run(train(["--threads", "1", "--npz"]), results: "whole")
    #expect(whole.code == 0, "\(whole.log)")
    #expect(whole.output.contains("fold_0: Dice"))

    let killed = try TesseraProcess(train(["--threads", "2"]), environment: environment("killed"), folder: folder.url)
    let latest = file("killed", "fold_0/model_latest.model")
    try await killed.wait("the first epoch", within: 120) {
      FileManager.default.fileExists(atPath: latest.path) || !killed.isRunning
    }
    killed.send(SIGKILL)
    _ = try await killed.finish()
    #expect(!FileManager.default.fileExists(atPath: file("killed", "fold_0/model_final_checkpoint.model").path))

    let refused = try await run(train([]), results: "killed")
    #expect(refused.code == 65 && refused.log.contains("-c goes on with it"), "\(refused.log)")

    let stopped = try TesseraProcess(
      train(["--threads", "2", "-c"]), environment: environment("killed"), folder: folder.url)
    try await stopped.wait("the second epoch", within: 120) {
      stopped.logText.contains("epoch 2:") || !stopped.isRunning
    }
    stopped.send(SIGTERM)
    let end = try await stopped.finish()
    #expect(end.code == 75, "\(stopped.logText)")
    #expect(stopped.logText.contains("-c continues it there"))

    // What isn't named comes from the checkpoint.
    let rest = try await run(
      ["train", "3d_fullres", "nnUNetTrainerV2", Self.task, "0", "-c", "--npz"], results: "killed")
    #expect(rest.code == 0, "\(rest.log)")
    for name in ["fold_0/model_final_checkpoint.model", "fold_0/postprocessing.json"] {
      #expect(try Data(contentsOf: file("whole", name)) == (try Data(contentsOf: file("killed", name))), "\(name)")
    }
    let maps = try FileManager.default.contentsOfDirectory(atPath: file("whole", "fold_0/validation_raw").path)
      .filter { $0.hasSuffix(".nii.gz") || $0.hasSuffix(".npz") }
    #expect(maps.count == 2)
    for name in maps {
      let path = "fold_0/validation_raw/\(name)"
      #expect(try Data(contentsOf: file("whole", path)) == (try Data(contentsOf: file("killed", path))), "\(name)")
    }
    for name in [
      "plans.pkl", "gt_niftis/tiny_04.nii.gz", "fold_0/debug.json", "fold_0/progress.png",
      "fold_0/validation_raw/summary.json", "fold_0/validation_raw/validation_args.json",
      "fold_0/validation_raw_postprocessed/summary.json", "fold_0/model_final_checkpoint.model.pkl",
    ] {
      #expect(FileManager.default.fileExists(atPath: file("killed", name).path), "\(name)")
    }

    // Done is done.
    let again = try await run(
      ["train", "3d_fullres", "nnUNetTrainerV2", "778", "0", "-c", "--npz", "--json"], results: "killed")
    #expect(again.code == 0 && again.log.contains("trained already") && again.log.contains("validated already"))
    let reports = try JSONSerialization.jsonObject(with: Data(again.output.utf8)) as? [[String: Any]]
    #expect(reports?.first?["foreground_dice"] is Double)

    // The model predicts its validation case as the validation did.
    let name = try #require(maps.first { $0.hasSuffix(".nii.gz") })
    let image = folder.url.appending(
      path: "nnUNet_raw_data/\(Self.task)/imagesTr/\(name.replacing(".nii.gz", with: "_0000.nii.gz"))")
    let predicted = try await run(
      [
        "predict", "-i", image.path, "-o", folder.url.appending(path: "out").path, "-t", "778", "-m", "3d_fullres",
        "-f",
        "0",
      ], results: "whole")
    #expect(predicted.code == 0, "\(predicted.log)")
    #expect(
      try labels(folder.url.appending(path: "out/\(name)"))
        == (try labels(file("whole", "fold_0/validation_raw/\(name)"))))
  }

  /// The first stage leaves its label maps where the second looks for them, on the second's grid.
  @Test func aCascadeIsTrained() async throws {
    try await makeTask(planning: ["--patch", "8,8,8"])
    let few = ["--epochs", "1", "--iterations", "2", "--validation-iterations", "1", "--threads", "2"]
    func stage(_ configuration: String, _ trainer: String, _ folds: [String]) async throws -> (Int32, String) {
      let result = try await run(["train", configuration, trainer, "778"] + folds + few)
      return (result.code, result.log)
    }
    let cascade = ("3d_cascade_fullres", "nnUNetTrainerV2CascadeFullRes")
    let early = try await stage(cascade.0, cascade.1, ["0"])
    #expect(early.0 == 65 && early.1.contains("train all folds of 3d_lowres first"), "\(early.1)")
    let first = try await stage("3d_lowres", "nnUNetTrainerV2", (0..<5).map(String.init))
    #expect(first.0 == 0, "\(first.1)")
    let maps = folder.url.appending(
      path: "results/nnUNet/3d_lowres/\(Self.task)/nnUNetTrainerV2__nnUNetPlansv2.1/pred_next_stage")
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: maps.path).sorted()
        == Self.cases.map { "\($0)_segFromPrevStage.npz" })
    let second = try await stage(cascade.0, cascade.1, ["0"])
    #expect(second.0 == 0, "\(second.1)")
    let all = try await stage(cascade.0, cascade.1, ["all"])
    #expect(all.0 == 65 && all.1.contains("must not be trained on the fold all"), "\(all.1)")
  }

  @Test func aMistakeGetsOneClearSentence() async throws {
    for (arguments, code, words) in [
      (["3d_fullres", "nnUNetTrainerV2", "999", "0"], Int32(64), "plan and preprocess it with tessera plan -t 999"),
      (["4d", "nnUNetTrainerV2", "778", "0"], 64, "3d_fullres"),
      (["3d_fullres", "nnUNetTrainerV2", "778", "zero"], 64, "Folds are numbers"),
      (["3d_fullres", "nnUNetTrainerV2", "778", "0", "-val", "-c"], 64, "-val trains nothing"),
      (["3d_fullres", "nnUNetTrainerV2", "778", "0", "-c", "--record", "r"], 64, "from its beginning"),
    ] {
      let result = try await run(["train"] + arguments)
      #expect(result.code == code && result.log.contains(words), "\(result.log)")
    }
    try await makeTask()
    for (arguments, words) in [
      (["3d_lowres", "nnUNetTrainerV2", "778", "0"], "has no 3d_lowres"),
      (["2d", "nnUNetTrainerV2", "778", "0"], "There are no plans"),
      (["3d_fullres", "nnUNetTrainerV2_Adam", "778", "0"], "not for nnUNetTrainerV2_Adam"),
      (["3d_fullres", "nnUNetTrainerV2CascadeFullRes", "778", "0"], "is trained by nnUNetTrainerV2"),
      (["3d_fullres", "nnUNetTrainerV2", "778", "0", "-val"], "model_final_checkpoint"),
      (["3d_fullres", "nnUNetTrainerV2", "778", "0", "--max-memory", "1MiB"], "MiB"),
    ] {
      let result = try await run(["train"] + arguments)
      #expect(result.code == 65 && result.log.contains(words), "\(arguments): \(result.log)")
      #expect(!result.log.contains("Fatal"))
    }
  }
}

import Foundation
import Kernels
import Testing
import Testkit

/// `tessera predict` as a user types it.
@Suite(.serialized) struct PredictCommandTests {
  private let model = Fixtures.directory.appending(path: "Task501/model")
  private let small = Fixtures.directory.appending(path: "Task501/images/colin_small_0000.nii.gz")
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func predict(_ arguments: [String], environment: [String: String] = [:]) async throws -> (
    code: Int32, output: String, log: String
  ) {
    try await TesseraProcess.run(["predict"] + arguments, environment: environment, folder: folder.url)
  }

  private func exists(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: folder.url.appending(path: name).path)
  }

  @Test func aCaseGetsLabelsReportAndPicture() async throws {
    let out = folder.url.appending(path: "out")
    let result = try await predict(["-i", small.path, "-o", out.path, "-d", model.path, "--disable-tta", "-z"])
    #expect(result.code == 0, "\(result.log)")
    #expect(result.output.contains("grey matter"))
    for name in ["colin_small.nii.gz", "colin_small.json", "colin_small.png", "colin_small.npz", "colin_small.pkl"] {
      #expect(exists("out/\(name)"), "\(name)")
    }
    let again = try await predict(["-i", small.path, "-o", out.path, "-d", model.path, "--disable-tta", "-z"])
    #expect(again.code == 0)
    #expect(again.log.contains("skipped"))
  }

  private struct LabelReport: Decodable { var labelSha256: String }

  private func predictKeeping(weights cache: String, to name: String) async throws -> (sha: String, log: String) {
    let result = try await predict(
      [
        "-i", small.path, "-o", folder.url.appending(path: name).path, "-d", model.path, "--disable_tta", "--engine",
        "winograd", "--json",
      ], environment: ["TESSERA_WEIGHTS_CACHE": cache, "TESSERA_LOG_LEVEL": "info"])
    try #require(result.code == 0, "\(result.log)")
    let report = try #require(try Fleet.decode([LabelReport].self, from: result.output).first)
    return (report.labelSha256, result.log)
  }

  /// The second process takes the transformed weights of the first; damage costs a warning, and neither changes a bit.
  @Test func transformedWeightsAreKeptForTheNextProcess() async throws {
    let cache = folder.url.appending(path: "weights")
    let alone = try await predictKeeping(weights: "none", to: "a")
    let first = try await predictKeeping(weights: cache.path, to: "b")
    let file = cache.appending(
      path: try #require(try FileManager.default.contentsOfDirectory(atPath: cache.path).first))
    let second = try await predictKeeping(weights: cache.path, to: "c")
    #expect(first.log.contains("from=checkpoint") && second.log.contains("from=cache"))
    var bytes = try Data(contentsOf: file)
    bytes[bytes.count - 1] ^= 1
    try bytes.write(to: file)
    let third = try await predictKeeping(weights: cache.path, to: "d")
    #expect(third.log.contains("damaged content") && third.log.contains("from=checkpoint"))
    #expect(Set([alone.sha, first.sha, second.sha, third.sha]).count == 1)
    bytes[bytes.count - 1] ^= 1
    #expect(try Data(contentsOf: file) == bytes, "made anew")
  }

  /// What a refusal asks for is enough, and not much more than is used: told by the process's own high-water mark.
  @Test func memoryIsKeptOrRefusedUpFront() async throws {
    struct Report: Decodable { var peakMemoryBytes: Int }
    let out = folder.url.appending(path: "out")
    let arguments = ["-i", small.path, "-o", out.path, "-d", model.path, "--disable_tta"]
    let refused = try await predict(arguments + ["--max-memory", "1MiB"])
    #expect(refused.code == 65 && refused.log.contains("1 MiB"), "\(refused.log)")
    #expect(!exists("out/colin_small.nii.gz"))
    // Told from the header alone; with the border cropped, less will do.
    let enough = try #require(refused.log.firstMatch(of: /needs (\d+) MiB/)?.1)
    let first = ["-o", folder.url.appending(path: "first").path, "--max-memory", "\(enough)MiB"]
    let roomy = try await predict(["-i", small.path, "-d", model.path, "--disable_tta"] + first)
    #expect(roomy.code == 0, "\(roomy.log)")
    let tooLittle = try await predict(arguments + ["--max-memory", "95MiB"])
    #expect(tooLittle.code == 65, "\(tooLittle.log)")
    let needed = try #require(tooLittle.log.firstMatch(of: /needs (\d+) MiB/)?.1)
    let kept = try await predict(arguments + ["--max-memory", "\(needed)MiB"])
    #expect(kept.code == 0, "\(kept.log)")
    let data = try Data(contentsOf: out.appending(path: "colin_small.json"))
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let peak = try decoder.decode(Report.self, from: data).peakMemoryBytes >> 20
    let limit = try #require(Int(needed))
    // A debug build's program is larger than a release's, and its small case is mostly program: only the upper bound is exact.
    #expect(peak <= limit, "peak \(peak) MiB, promised \(limit) MiB")
    let wrong = try await predict(arguments + ["--max-memory", "much"])
    #expect(wrong.code == 64)
  }

  private struct EngineReport: Decodable {
    struct Model: Decodable {
      var engine: String
      var engineReason: String
    }
    var engine: String
    var models: [Model]
  }

  @Test func theReportNamesTheEngineAndWhy() async throws {
    let common = ["-i", small.path, "-o", folder.url.appending(path: "out").path, "-d", model.path, "--disable_tta"]
    for (words, engine, reason) in [
      ([], "winograd/", "fastest"), (["--engine", "blas"], "blas/", "asked for"),
      (["--isa", "\(InstructionSet.portable)"], "winograd/\(InstructionSet.portable)", "fastest"),
      (["--treat-as", "nnUNetTrainerV2_GeLU"], "blas/", "ReLU"),
    ] {
      let result = try await predict(common + words + ["--overwrite_existing", "--json"])
      try #require(result.code == 0, "\(result.log)")
      let report = try #require(try Fleet.decode([EngineReport].self, from: result.output).first)
      #expect(report.engine.hasPrefix(engine) && report.models.map(\.engine) == [report.engine], "\(words)")
      #expect(report.models[0].engineReason.contains(reason), "\(words): \(report.models[0].engineReason)")
    }
    let told = try await predict(common + ["--treat-as", "nnUNetTrainerV2_GeLU", "--overwrite_existing"])
    #expect(told.log.contains("computed by blas/") && told.log.contains("ReLU"), "\(told.log)")
  }

  /// What winograd needs is what its refusal asks for; with a little less, `automatic` takes `winograd-small`.
  @Test func aLimitOfMemoryMayCostTheFasterEngine() async throws {
    // Ten folds, so that so small a case needs most of the memory for the network.
    let tenfold = folder.url.appending(path: "model")
    try FileManager.default.copyItem(at: model, to: tenfold)
    for fold in 1..<10 {
      try FileManager.default.copyItem(
        at: model.appending(path: "fold_0"), to: tenfold.appending(path: "fold_\(fold)"))
    }
    let common = [
      "-i", small.path, "-o", folder.url.appending(path: "out").path, "-d", tenfold.path, "--disable_tta", "--json",
      "--overwrite_existing", "--max-memory",
    ]
    let refused = try await predict(common + ["99MiB", "--engine", "winograd"])
    #expect(refused.code == 65, "\(refused.log)")
    let asked = try #require(refused.log.firstMatch(of: /needs (\d+) MiB/)?.1)
    let needed = try #require(Int(asked))
    for (limit, engine) in [(needed, "winograd/"), (needed - 1, "winograd-small/")] {
      let result = try await predict(common + ["\(limit)MiB"])
      try #require(result.code == 0, "\(result.log)")
      let report = try #require(try Fleet.decode([EngineReport].self, from: result.output).first)
      #expect(report.engine.hasPrefix(engine), "\(limit) MiB")
      if engine != "winograd/" { #expect(report.models[0].engineReason.contains("memory")) }
    }
  }

  @Test func aBadCaseDoesNotStopTheOthers() async throws {
    let input = folder.url.appending(path: "in")
    try FileManager.default.createDirectory(at: input, withIntermediateDirectories: true)
    let whole = try Data(contentsOf: small)
    try whole.prefix(whole.count / 2).write(to: input.appending(path: "a_0000.nii.gz"))
    try whole.write(to: input.appending(path: "b_0000.nii.gz"))
    let result = try await predict([
      "-i", input.path, "-o", folder.url.appending(path: "out").path, "-d", model.path, "--disable_tta",
    ])
    #expect(result.code == 65)
    #expect(result.log.contains("1 of 2 cases failed: a"))
    #expect(exists("out/b.nii.gz") && !exists("out/a.nii.gz"))
  }

  @Test func nnUNetsFoldersAndWordsWork() async throws {
    let place = folder.url.appending(path: "results/nnUNet/3d_fullres/Task501_BrainTissue")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      at: place.appending(path: "nnUNetTrainerV2__nnUNetPlansv2.1"), withDestinationURL: model)
    let result = try await predict(
      [
        "-i", small.path, "-o", folder.url.appending(path: "out").path, "-t", "501", "-m", "3d_fullres", "-f", "0",
        "--disable_tta", "--step_size", "0.5", "--json", "--num_threads_preprocessing", "1",
        "--num_threads_nifti_save", "1", "--disable_mixed_precision", "--all_in_gpu", "None", "--mode", "normal",
      ], environment: ["RESULTS_FOLDER": folder.url.appending(path: "results").path])
    #expect(result.code == 0, "\(result.log)")
    #expect(result.output.contains("\"label_sha256\""))
  }

  @Test func allFoldsIsSaidInFull() async throws {
    let demo = Fixtures.directory.appending(path: "demo/model")
    for (model, taken) in [(demo, "-f all: all"), (model, "-f all: fold_0")] {
      let result = try await predict([
        "-i", small.path, "-o", folder.url.appending(path: "out").path, "-d", model.path, "-f", "all", "--disable_tta",
        "--overwrite_existing",
      ])
      #expect(result.code == 0, "\(result.log)")
      #expect(result.log.contains(taken))
    }
  }

  /// A copy of the model, with rules beside it.
  private func modelThatKeepsTheLargestComponents() throws -> URL {
    let copy = folder.url.appending(path: "model")
    try FileManager.default.copyItem(at: model, to: copy)
    let rules = #"{"for_which_classes": [[1, 2], 1, 2], "min_valid_object_sizes": "None"}"#
    try Data(rules.utf8).write(to: copy.appending(path: "postprocessing.json"))
    return copy
  }

  private func voxels(_ output: String) throws -> [Int] {
    struct Report: Decodable {
      struct Label: Decodable { var voxels: Int }
      var labels: [Label]
      var postprocessing: String
    }
    return try #require(try Fleet.decode([Report].self, from: output).first).labels.map(\.voxels)
  }

  @Test func aModelsPostprocessingIsAppliedUnlessItIsSwitchedOff() async throws {
    let model = try modelThatKeepsTheLargestComponents()
    let out = folder.url.appending(path: "out").path
    let common = ["-i", small.path, "-o", out, "--disable_tta", "--overwrite_existing", "--json"]
    let applied = try await predict(common + ["-d", model.path])
    let off = try await predict(common + ["-d", model.path, "--disable_postprocessing"])
    let plain = try await predict(common + ["-d", self.model.path])
    let given = try await predict(
      common + ["-d", self.model.path, "-pp", model.appending(path: "postprocessing.json").path])
    for result in [applied, off, plain, given] { try #require(result.code == 0, "\(result.log)") }
    #expect(try voxels(off.output) == voxels(plain.output))
    #expect(try voxels(applied.output) == voxels(given.output))
    #expect(try voxels(applied.output).reduce(0, +) < voxels(plain.output).reduce(0, +))
  }

  @Test func anEnsembleIsTheMeanOfItsMembers() async throws {
    let demo = Fixtures.directory.appending(path: "demo/model")
    let out = folder.url.appending(path: "out").path
    func run(_ models: [URL], _ more: [String] = []) async throws -> [Int] {
      let result = try await predict(
        ["-i", small.path, "-o", out, "--disable_tta", "--overwrite_existing", "--json", "-z", "-d"]
          + models.map(\.path) + more)
      try #require(result.code == 0, "\(result.log)")
      return try voxels(result.output)
    }
    let (first, second) = (try await run([model]), try await run([demo]))
    let mean = try await run([model, demo])
    #expect(mean != first && mean != second)
    #expect(exists("out/colin_small.npz") && exists("out/colin_small.pkl"))
    // A weight that leaves nothing to the other member gives this one's labels, apart from the rounding to float16.
    let almost = try await run([model, demo], ["--weights", "1e6", "1"])
    #expect(zip(almost, first).allSatisfy { abs($0 - $1) <= 5 }, "\(almost), \(first)")
    let twice = try await predict(["-i", small.path, "-o", out, "-d", model.path, model.path])
    #expect(twice.code == 65 && twice.log.contains("one model twice"), "\(twice.log)")
  }

  @Test func aHalfWrittenLabelMapIsMadeAgain() async throws {
    let out = folder.url.appending(path: "out")
    let arguments = ["-i", small.path, "-o", out.path, "-d", model.path, "--disable_tta"]
    #expect(try await predict(arguments).code == 0)
    let file = out.appending(path: "colin_small.nii.gz")
    let whole = try Data(contentsOf: file)
    try whole.prefix(whole.count / 2).write(to: file)
    let again = try await predict(arguments)
    #expect(again.code == 0 && !again.log.contains("skipped"))
    #expect(try Data(contentsOf: file) == whole)
    let left = try FileManager.default.contentsOfDirectory(atPath: out.path).filter { $0.hasSuffix(".part") }
    #expect(left == [])
  }

  @Test(arguments: [
    (["-i", "missing.nii.gz", "-o", "out", "-d", "MODEL"], Int32(65), "missing.nii.gz"),
    (["-i", "IMAGE", "-o", "out", "-d", "missing"], 65, "missing"),
    (["-i", "IMAGE", "-o", "out"], 64, "-d MODEL_DIR"),
    (["-i", "IMAGE", "-o", "out", "-d", "MODEL", "-f", "7"], 65, "fold_7"),
    (["-i", "IMAGE", "-o", "out", "-d", "MODEL", "--step_size", "2"], 64, "step_size"),
    (["-i", "IMAGE", "-o", "out", "-d", "MODEL", "--weights", "1", "2"], 64, "--weights"),
    (["-i", "IMAGE", "-o", "out", "-t", "501", "-m", "4d"], 64, "4d is none of them"),
    (["-i", "IMAGE", "-o", "out", "-d", "MODEL", "-l", "."], 65, "cascade"),
    (["-i", "IMAGE", "-o", "out", "-d", "MODEL", "--mode", "fast"], 64, "--mode"),
    (["-i", "IMAGE", "-o", "out", "-d", "MODEL", "--all_in_gpu", "True"], 64, "GPU"),
    (["-i", "IMAGE", "-o", "out", "-d", "MODEL", "-pp", "missing.json"], 65, "missing.json"),
    (["-i", "IMAGE", "-o", "out", "-d", "MODEL", "--num_parts", "2", "--part_id", "2"], 64, "--part_id"),
    (
      ["-i", "IMAGE", "-o", "out", "-d", "MODEL", "--engine", "fast"], 64,
      "none of blas, winograd, winograd-small, automatic"
    ),
    (["-i", "IMAGE", "-o", "out", "-d", "MODEL", "--engine", "blas", "--isa", "avx2"], 64, "OPENBLAS_CORETYPE"),
    (
      ["-i", "IMAGE", "-o", "out", "-d", "MODEL", "--engine", "winograd", "--treat-as", "nnUNetTrainerV2_GeLU"], 65,
      "Use the engine blas"
    ),
  ])
  func aMistakeGetsOneClearSentence(arguments: [String], code: Int32, words: String) async throws {
    let filled = arguments.map { $0 == "MODEL" ? model.path : $0 == "IMAGE" ? small.path : $0 }
    let result = try await predict(filled)
    #expect(result.code == code)
    #expect(result.log.contains(words), "\(result.log)")
    #expect(!result.log.contains("Fatal") && !result.log.contains("NSCocoa"), "\(result.log)")
  }
}

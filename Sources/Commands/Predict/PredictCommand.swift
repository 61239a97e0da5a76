internal import ArgumentParser
internal import Fleet
internal import FleetContracts
internal import Foundation

/// `tessera predict`
struct PredictCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract: "Segments images on this machine, without any server.",
    discussion: """
      Options have nnU-Net's spelling. For each case it writes CASE.nii.gz (labels), CASE.json (volumes, digests, timings) and CASE.png
      (a picture). Cases that are there already are skipped. A cascade's first stage is predicted too, unless its label maps are given;
      several configurations make an ensemble. A model's postprocessing.json is applied, as nnU-Net does; an ensemble's by -pp.

        tessera predict -i brain.nii.gz -o out -d MODEL_DIR
        tessera predict -i folder -o out -t 501 -m 3d_fullres -f 0 1 --disable_tta
        tessera predict -i folder -o out -t 501 -m 3d_cascade_fullres
        tessera predict -i folder -o out -t 501 -m 2d 3d 3d_lowres -pp postprocessing.json
        tessera predict -i brain.nii.gz -o out -d MODEL_DIR --engine winograd --isa avx2
        tessera predict -i brain.nii.gz -o out -d MODEL_DIR --report --mosaic
      """)

  @Option(
    name: [.customShort("i"), .customLong("input_folder"), .customLong("input")],
    help: ArgumentHelp(
      "An image, or a folder of images named CASE_0000.nii.gz, one for each channel.", valueName: "file|dir"),
    completion: .file())
  var input: String

  @Option(
    name: [.customShort("o"), .customLong("output_folder"), .customLong("output")],
    help: ArgumentHelp("Where the results go; made if missing.", valueName: "dir"), completion: .directory)
  var output: String

  @OptionGroup var model: ModelOptions

  @OptionGroup var apply: ApplyOptions

  @OptionGroup var postprocessing: PostprocessingOptions

  @Option(
    name: [.customShort("l"), .customLong("lowres_segmentations"), .customLong("lowres-segmentations")],
    help: ArgumentHelp(
      "For a cascade: a folder with CASE.nii.gz of its first stage for each case, instead of predicting it.",
      valueName: "dir"), completion: .directory)
  var lowResolution: String?

  @Option(
    name: [.customLong("part_id"), .customLong("part-id")],
    help: "With --num_parts: which part of the cases this call segments, from 0.")
  var part = 0

  @Option(
    name: [.customLong("num_parts"), .customLong("num-parts")],
    help: "Into how many parts the cases are dealt out, one for each call.")
  var parts = 1

  @Flag(
    name: [.customLong("overwrite_existing"), .customLong("overwrite-existing")],
    help: "Segment cases again whose results are there.")
  var overwrites = false

  @Option(help: "Compute threads. Default: all processors. The result doesn't depend on it.")
  var threads: Int?

  @Option(
    name: [.customLong("max-memory"), .customLong("max_memory")],
    help: ArgumentHelp(
      "Memory that the process may use, such as 4GiB: kept by smaller slabs and a slower engine, or the case is refused before it begins.",
      valueName: "size"))
  var maxMemory: ByteCount?

  @OptionGroup var pictures: PictureOptions

  @OptionGroup var engine: EngineOptions

  @OptionGroup var weights: WeightsCacheOptions

  @Flag(help: "Print the reports as a JSON array instead of tables.")
  var json = false

  @OptionGroup(visibility: .hidden) var ignored: IgnoredOptions

  func validate() throws {
    if let threads {
      guard threads >= 1, threads <= 1024 else {
        throw ValidationError("--threads must be from 1 to 1024, it is \(threads).")
      }
    }
    guard parts >= 1, (0..<parts).contains(part) else {
      throw ValidationError("--part_id must be from 0 to --num_parts - 1; they are \(part) and \(parts).")
    }
  }

  func run() async throws {
    try await Failures.reported {
      let threads = threads ?? ProcessInfo.processInfo.activeProcessorCount
      let rules = try postprocessing.rules()
      let fleet = try await LocalFleet(
        try model.members(), predictsFirstStages: lowResolution == nil, threads: threads,
        weights: try await FleetSettings.read(flags: weights.flags).weights.cache,
        memory: MemoryBudget(limit: maxMemory?.bytes, isForAllSteps: true, engine: engine.request),
        logger: FleetLogging.logger("predict"))
      if model.folds.folds == ["all"], let folds = fleet.members.first?.folds {
        Output.note("-f all: \(folds.joined(separator: ", "))")
      }
      let cases = try InputCases.find(URL(filePath: input), channels: fleet.channels).part(part, of: parts)
      let lowResolutionFolder = lowResolution.map { URL(filePath: $0) }
      try lowResolutionFolder.map { try requireFirstStages(of: cases, in: $0) }
      let predictor = CasePredictor(
        fleet: fleet, outputFolder: URL(filePath: output), threads: threads,
        options: RunOptions(
          mirroring: !apply.disablesMirroring, stepSize: apply.stepSize, savesProbabilities: apply.savesProbabilities,
          postprocessing: postprocessing.isDisabled ? .none : .ofTheModel),
        rules: rules, lowResolutionFolder: lowResolutionFolder, overwrites: overwrites, pictures: pictures)
      try await predictor.predict(cases, json: json)
    }
  }

  /// - Throws: `InputError` that names the cases without a label map of low resolution, before anything is computed.
  private func requireFirstStages(of cases: InputCases, in folder: URL) throws {
    let missing = cases.cases.map { CaseFiles(folder: folder, name: $0.name).labelMap }.filter {
      !FileManager.default.fileExists(atPath: $0.path)
    }
    guard missing.isEmpty else {
      throw InputError(
        "\(folder.path) lacks \(missing.map(\.lastPathComponent).joined(separator: ", ")); --lowres_segmentations needs a label map "
          + "of the first stage for each case.")
    }
  }
}

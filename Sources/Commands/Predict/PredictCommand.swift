internal import ArgumentParser
internal import FleetContracts
internal import Foundation
internal import ModelStore

/// `tessera predict`
struct PredictCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract: "Segments images on this machine, without any server.",
    discussion: """
      Options have nnU-Net's spelling. For each case it writes CASE.nii.gz (labels), CASE.json (volumes, digests, timings) and CASE.png
      (a picture). Cases that are there already are skipped.

        tessera predict -i brain.nii.gz -o out -d MODEL_DIR
        tessera predict -i folder -o out -t 501 -m 3d_fullres -f 0 1 --disable_tta
      """)

  @Option(
    name: [.customShort("i"), .customLong("input_folder"), .customLong("input")],
    help: ArgumentHelp(
      "An image, or a folder of images named CASE_0000.nii.gz, one for each channel.", valueName: "file|dir"))
  var input: String

  @Option(
    name: [.customShort("o"), .customLong("output_folder"), .customLong("output")],
    help: ArgumentHelp("Where the results go; made if missing.", valueName: "dir"))
  var output: String

  @OptionGroup var model: ModelOptions

  @OptionGroup var apply: ApplyOptions

  @Flag(
    name: [.customLong("overwrite_existing"), .customLong("overwrite-existing")],
    help: "Segment cases again whose results are there.")
  var overwrites = false

  @Option(help: "Compute threads. Default: all processors. The result doesn't depend on it.")
  var threads: Int?

  @Flag(help: "Print the reports as a JSON array instead of tables.")
  var json = false

  func validate() throws {
    if let threads {
      guard threads >= 1, threads <= 1024 else {
        throw ValidationError("--threads must be from 1 to 1024, it is \(threads).")
      }
    }
  }

  func run() async throws {
    try await Failures.reported {
      let folder = try await modelFolder()
      let threads = threads ?? ProcessInfo.processInfo.activeProcessorCount
      let fleet = try await LocalFleet(
        modelFolder: folder, selection: try model.folds.selection(), checkpoint: model.folds.checkpoint,
        threads: threads, logger: FleetLogging.logger("predict"))
      PostprocessingNotice.show(for: folder)
      if model.folds.folds == ["all"] { Output.note("-f all: \(fleet.folds.joined(separator: ", "))") }
      let cases = try InputCases.find(URL(filePath: input), channels: fleet.model.channels)
      let predictor = CasePredictor(
        fleet: fleet, outputFolder: URL(filePath: output),
        threads: threads,
        options: RunOptions(
          folds: fleet.folds, mirroring: !apply.disablesMirroring, stepSize: apply.stepSize,
          savesProbabilities: apply.savesProbabilities),
        overwrites: overwrites)
      try await predictor.predict(cases, json: json)
    }
  }

  private func modelFolder() async throws -> URL {
    if let folder = model.folder { return URL(filePath: folder) }
    guard let results = ProcessInfo.processInfo.environment["RESULTS_FOLDER"], let task = model.task else {
      throw SettingsError(
        "-t needs the environment variable RESULTS_FOLDER, nnU-Net's folder of trained models; or name the model by -d."
      )
    }
    return try ModelLocation.find(
      results: URL(filePath: results), task: task, configuration: model.configuration, trainer: model.trainer,
      plans: model.plans)
  }
}

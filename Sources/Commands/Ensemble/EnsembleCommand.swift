internal import ArgumentParser
internal import Foundation

/// `tessera ensemble`
struct EnsembleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ensemble",
    abstract: "Averages the saved probabilities of several models.",
    discussion: """
      Takes folders that `tessera predict -z` or `nnUNet_predict -z` wrote, with the same cases. With -pp, labels before postprocessing go to
      not_postprocessed in the output folder. Cases that are there already are skipped.

        tessera ensemble -f out_2d out_3d -o out -pp postprocessing.json
        tessera ensemble -f out_2d out_3d out_lowres -o out --weights 1 2 1 --npz
      """)

  @Option(
    name: [.customShort("f"), .customLong("folders")], parsing: .upToNextOption,
    help: ArgumentHelp("Folders with CASE.npz and CASE.pkl, one for each model.", valueName: "dir"),
    completion: .directory)
  var folders: [String]

  @Option(
    name: [.customShort("o"), .customLong("output_folder"), .customLong("output")],
    help: ArgumentHelp("Where the label maps go; made if missing.", valueName: "dir"), completion: .directory)
  var output: String

  @Option(
    name: [.customLong("pp", withSingleDash: true), .customLong("postprocessing_file")],
    help: ArgumentHelp("The postprocessing.json to apply.", valueName: "file"), completion: .file())
  var postprocessing: String?

  @Flag(help: "Also keep the averaged probabilities, as CASE.npz and CASE.pkl.")
  var npz = false

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("One number for each folder. Default: all count the same.", valueName: "number"))
  var weights: [Double] = []

  @Option(
    name: [.customShort("t"), .customLong("threads")],
    help: "Compute threads. Default: all processors. The result doesn't depend on it.")
  var threads: Int?

  @Flag(
    name: [.customLong("overwrite_existing"), .customLong("overwrite-existing")],
    help: "Make cases again whose results are there.")
  var overwrites = false

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    guard !folders.isEmpty else { throw ValidationError("-f needs at least one folder.") }
    guard weights.isEmpty || weights.count == folders.count else {
      throw ValidationError(
        "--weights needs one number for each of the \(folders.count) folders, it has \(weights.count).")
    }
    guard weights.allSatisfy({ $0 >= 0 && $0.isFinite }), weights.isEmpty || weights.contains(where: { $0 > 0 }) else {
      throw ValidationError("--weights must not be negative, and not all 0.")
    }
    if let threads {
      guard threads >= 1, threads <= 1024 else {
        throw ValidationError("--threads must be from 1 to 1024, it is \(threads).")
      }
    }
  }

  func run() async throws {
    try await Failures.reported {
      let cases = try EnsembleCases(folders: folders.map { URL(filePath: $0) })
      let output = URL(filePath: output)
      let writer = EnsembleWriter(
        output: output, postprocessing: try postprocessing.map { try PostprocessingFile(URL(filePath: $0)) },
        weights: weights.isEmpty ? nil : weights, keepsMean: npz, overwrites: overwrites)
      try await writer.write(cases, threads: threads ?? ProcessInfo.processInfo.activeProcessorCount, json: json)
    }
  }
}

internal import ArgumentParser
internal import Foundation
internal import LabelFolders
internal import PythonJSON

/// `tessera evaluate`
struct EvaluateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Compares a folder of predicted label maps with their references.",
    discussion: """
      Both folders hold the same names. Into the folder of predictions go summary.json, nnU-Net's metrics as nnU-Net writes them, and
      evaluation.json: surface distances (HD95, ASSD), surface Dice at a tolerance, and volumes. Means leave out cases without a value.

        tessera evaluate -ref labelsTs -pred predictions -l 1 2 --tolerance 2
      """)

  @Option(
    name: [.customLong("ref", withSingleDash: true), .customLong("reference")],
    help: ArgumentHelp("The folder of references.", valueName: "dir"), completion: .directory)
  var references: String

  @Option(
    name: [.customLong("pred", withSingleDash: true), .customLong("prediction")],
    help: ArgumentHelp("The folder of predictions.", valueName: "dir"), completion: .directory)
  var predictions: String

  @Option(
    name: [.customShort("l"), .customLong("labels")], parsing: .upToNextOption,
    help: ArgumentHelp("Labels to report. Default: all that occur, without background.", valueName: "label"))
  var labels: [Int] = []

  @Option(help: ArgumentHelp("For the surface Dice: how far, in mm, surfaces may be apart.", valueName: "mm"))
  var tolerance = 1.0

  @OptionGroup var cases: CaseOptions

  @Flag(help: "Print both files as one JSON object instead of a table; a missing value is null.")
  var json = false

  func validate() throws {
    guard tolerance >= 0, tolerance.isFinite else {
      throw ValidationError("--tolerance must be a number of mm, not negative; it is \(tolerance).")
    }
    guard labels.allSatisfy({ (0...255).contains($0) }), Set(labels).count == labels.count else {
      throw ValidationError(
        "-l takes labels from 0 to 255, each once; found \(labels.map(String.init).joined(separator: " ")).")
    }
  }

  func run() async throws {
    try await Failures.reported {
      let folder = try LabelFolder(URL(filePath: predictions))
      let pairs = try LabelFolder.pairs(predictions: folder, references: try LabelFolder(URL(filePath: references)))
      let evaluation = FolderEvaluation(
        of: pairs, labels: labels.isEmpty ? nil : labels, tolerance: tolerance, threads: cases.count)
      if !evaluation.cases.isEmpty {
        let (summary, file) = (Summary(of: evaluation), EvaluationFile(of: evaluation))
        try summary.write(to: folder.path(of: Summary.fileName))
        try file.write(to: folder.path(of: EvaluationFile.fileName))
        if json {
          let both = JSONValue.object(["summary": summary.json, "evaluation": file.json])
          Output.line(String(decoding: both.replacingNonNumbers().serialized(), as: UTF8.self))
        } else {
          Output.line(EvaluationTable.rendered(evaluation))
        }
      }
      for item in evaluation.cases where item.hasOtherGeometry {
        Output.note(
          "\(item.pair.name): prediction and reference lie at different places; voxels were compared as they are.")
      }
      try FailedCases.report(evaluation.failed, of: pairs.count)
    }
  }
}

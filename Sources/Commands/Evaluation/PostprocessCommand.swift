internal import ArgumentParser
internal import Foundation
internal import LabelFolders
internal import Postprocessing

/// `tessera postprocess`
struct PostprocessCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "postprocess",
    abstract: "Removes small components from label maps, by nnU-Net's postprocessing.json.",
    discussion: """
      Takes a label map, or every .nii.gz of a folder. Outputs keep the geometry, and replace what is there; the output may be the input.

        tessera postprocess -i labels -o labels_postprocessed -pp MODEL_DIR/postprocessing.json
      """)

  @Option(
    name: [.customShort("i"), .customLong("input_folder"), .customLong("input")],
    help: ArgumentHelp("A label map, or a folder of them (CASE.nii.gz).", valueName: "file|dir"), completion: .file())
  var input: String

  @Option(
    name: [.customShort("o"), .customLong("output_folder"), .customLong("output")],
    help: ArgumentHelp("Where the results go, made if missing; for a single input also a file.", valueName: "dir|file"))
  var output: String

  @Option(
    name: [
      .customLong("pp", withSingleDash: true), .customLong("postprocessing_file"), .customLong("postprocessing-file"),
    ],
    help: ArgumentHelp("The rules.", valueName: "file"), completion: .file())
  var rules: String

  @OptionGroup var cases: CaseOptions

  @Flag(help: "Print what was removed as a JSON array instead of a table.")
  var json = false

  private struct Row: Encodable {
    var name: String
    var removedComponents: Int
    var removedMillilitres: Double
  }

  func run() async throws {
    try await Failures.reported {
      guard let content = FileManager.default.contents(atPath: rules) else {
        throw InputError("The rules \(rules) can't be read; -pp takes nnU-Net's postprocessing.json.")
      }
      let rules = try PostprocessingRules(json: content)
      let jobs = try jobs()
      let outcome = FolderPostprocessing.apply(rules, to: jobs, threads: cases.count)
      let rows = outcome.findings.map {
        Row(name: $0.name, removedComponents: $0.removedComponents, removedMillilitres: $0.removedMillilitres)
      }
      try show(rows)
      try FailedCases.report(outcome.failed, of: jobs.count)
    }
  }

  private func jobs() throws -> [FolderPostprocessing.Job] {
    let (input, output) = (URL(filePath: input), URL(filePath: output))
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: input.path, isDirectory: &isFolder) else {
      throw InputError("There is no file or folder \(input.path); -i takes a label map or a folder of them.")
    }
    if isFolder.boolValue {
      let folder = try LabelFolder(input)
      try FileWriting.makeFolder(output)
      return folder.files.map {
        FolderPostprocessing.Job(name: $0, input: folder.path(of: $0), output: output.appending(path: $0))
      }
    }
    let name = input.lastPathComponent
    let isFile = output.lastPathComponent.hasSuffix(LabelFolder.suffix)
    try FileWriting.makeFolder(isFile ? output.deletingLastPathComponent() : output)
    let written = name.hasSuffix(".nii") ? name + ".gz" : name
    return [
      FolderPostprocessing.Job(name: name, input: input, output: isFile ? output : output.appending(path: written))
    ]
  }

  private func show(_ rows: [Row]) throws {
    if json { return try Output.json(rows) }
    var table = TextTable([("case", .left), ("removed components", .right), ("removed mL", .right)])
    for row in rows {
      table.add([row.name, "\(row.removedComponents)", Formats.number(row.removedMillilitres, digits: 3)])
    }
    Output.line(table.rendered())
  }
}

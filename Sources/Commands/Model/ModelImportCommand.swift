internal import ArgumentParser
internal import Foundation
internal import ModelStore

/// `tessera model import`
struct ModelImportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Installs the models in a zip file that nnU-Net or Tessera exported.",
    discussion: """
      As nnUNet_install_pretrained_model_from_zip, into RESULTS_FOLDER/nnUNet, but nothing outside of it is written, and a model's folder
      is replaced as a whole or not at all.

        tessera model import Task501.zip
        tessera model import Task501.zip --results /data/models --overwrite
      """)

  @Argument(help: ArgumentHelp("The zip file.", valueName: "file"), completion: .file())
  var file: String

  @OptionGroup var results: ResultsOptions

  @Flag(
    name: [.customLong("overwrite"), .customLong("overwrite_existing")],
    help: "Replace models that are there, unless they have folds that the zip file lacks.")
  var overwrites = false

  @Flag(help: "Print JSON.")
  var json = false

  func run() async throws {
    try await Failures.reported {
      let archive = try ModelArchive(URL(filePath: file))
      let installer = ModelInstaller(results: try results.folder())
      try installer.install(archive, replaces: overwrites)
      if !archive.ignored.isEmpty {
        Output.note(
          "Left out, since they belong to no model: \(archive.ignored.count) files such as \(archive.ignored[0])")
      }
      if json { return try Output.json(archive.units) }
      Output.line(ExchangeTable.rendered(archive.units))
      for unit in archive.units where !unit.isEnsemble { noteProblems(of: installer.root.appending(path: unit.path)) }
      Output.line("Installed in \(installer.root.path)")
    }
  }

  /// What nnU-Net can apply, Tessera may not be able to; better to hear it now.
  private func noteProblems(of folder: URL) {
    do {
      _ = try TrainedModel.open(folder: folder)
    } catch {
      Output.note("Installed, but Tessera can't apply it: \(error)")
    }
  }
}

/// Where trained models lie.
struct ResultsOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("nnU-Net's folder of trained models. Default: RESULTS_FOLDER.", valueName: "dir"),
    completion: .directory)
  var results: String?

  /// - Throws: `SettingsError` where it is named nowhere.
  func folder() throws -> URL {
    guard let path = results ?? ProcessInfo.processInfo.environment["RESULTS_FOLDER"], !path.isEmpty else {
      throw SettingsError(
        "The folder of trained models isn't known; set the environment variable RESULTS_FOLDER, or pass --results.")
    }
    return URL(filePath: path)
  }
}

/// The models of a zip file as a table.
enum ExchangeTable {
  static func rendered(_ units: [ModelArchive.Unit]) -> String {
    var table = TextTable([("model", .left), ("folds", .left), ("postprocessing", .left), ("size", .right)])
    for unit in units {
      table.add([
        unit.path, unit.folds.map(\.folder).joined(separator: " "), unit.hasPostprocessing ? "yes" : "no",
        Formats.bytes(unit.size),
      ])
    }
    return table.rendered()
  }
}

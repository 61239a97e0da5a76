internal import ArgumentParser
internal import Foundation
internal import ModelStore

/// `tessera model export`
struct ModelExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Packs a task's models into one zip file, for nnU-Net or Tessera elsewhere.",
    discussion: """
      As nnUNet_export_model_to_zip: checkpoints, plans, postprocessing.json, and that of the task's ensembles.

        tessera model export -t 501 -o Task501.zip -m 2d 3d_fullres
        tessera model export -t Task501_BrainTissue -o Task501.zip -m 3d_fullres -f all --disable_strict
      """)

  @Option(
    name: [.customShort("t"), .customLong("task_name"), .customLong("task-name")],
    help: ArgumentHelp("TaskXXX_Name or its number.", valueName: "task"))
  var task: String

  @Option(
    name: [.customShort("o"), .customLong("output")], help: ArgumentHelp("The zip file.", valueName: "file"),
    completion: .file())
  var output: String

  @Option(
    name: [.customShort("m"), .customLong("models")], parsing: .upToNextOption,
    help: ArgumentHelp("Configurations. Default: all four of nnU-Net's.", valueName: "configuration"),
    completion: .list(ModelConfiguration.allCases.map(\.rawValue)))
  var configurations: [String] = []

  @Option(
    name: .customLong("tr", withSingleDash: true), help: ArgumentHelp("The trainer's class.", valueName: "trainer"))
  var trainer = ModelLocation.defaultTrainer

  @Option(
    name: [.customLong("trc", withSingleDash: true), .customLong("ctr", withSingleDash: true)],
    help: ArgumentHelp("The trainer's class of 3d_cascade_fullres.", valueName: "trainer"))
  var cascadeTrainer = ModelLocation.defaultCascadeTrainer

  @Option(
    name: [.customLong("pl", withSingleDash: true), .customShort("p")],
    help: ArgumentHelp("The plans' identifier.", valueName: "plans"))
  var plans = ModelLocation.defaultPlans

  @Option(
    name: [.customShort("f"), .customLong("folds")], parsing: .upToNextOption,
    help: ArgumentHelp(
      "Folds: numbers, or all, the fold that was trained on every case. Default: 0 1 2 3 4.", valueName: "fold"))
  var folds: [String] = []

  @Flag(
    name: [.customLong("disable_strict"), .customLong("disable-strict")],
    help: "Leave out configurations and postprocessing.json that are missing, and say so.")
  var isLenient = false

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var results: ResultsOptions

  private struct Report: Encodable {
    var file: String
    /// How many lie in it.
    var files: Int
    var bytes: Int
    var models: [ModelArchive.Unit]
  }

  func validate() throws {
    _ = try configurationNames()
    _ = try foldNames()
  }

  func run() async throws {
    try await Failures.reported {
      let export = try ModelExport(
        results: try results.folder(), task: task, configurations: try configurationNames(), trainer: trainer,
        cascadeTrainer: cascadeTrainer, plans: plans, folds: try foldNames(), isStrict: !isLenient)
      for omission in export.omissions { Output.note(omission) }
      let file = URL(filePath: output)
      try export.write(to: file)
      let size = try FileManager.default.attributesOfItem(atPath: file.path)[.size] as? Int ?? 0
      let units = try ModelArchive(file).units
      if json {
        return try Output.json(Report(file: file.path, files: export.members.count, bytes: size, models: units))
      }
      Output.line(ExchangeTable.rendered(units))
      Output.line("\(file.path)  \(export.members.count) files, \(Formats.bytes(size))")
    }
  }

  private func configurationNames() throws -> [ModelConfiguration] {
    if configurations.isEmpty { return ModelConfiguration.allCases }
    return try configurations.map { name in
      guard let configuration = ModelConfiguration(named: name) else {
        throw ValidationError(
          "-m takes 2d, 3d_lowres, 3d_fullres (or 3d) and 3d_cascade_fullres; \(name) is none of them.")
      }
      return configuration
    }
  }

  private func foldNames() throws -> [FoldName] {
    if folds.isEmpty { return (0..<5).map { FoldName($0) } }
    return try folds.map { text in
      if text == FoldName.all.folder { return .all }
      guard let fold = Int(text), fold >= 0 else {
        throw ValidationError("-f takes fold numbers and the word all; \(text) is neither.")
      }
      return FoldName(fold)
    }
  }
}

internal import ArgumentParser
internal import Foundation
internal import LabelFolders
internal import ModelSelection
internal import ModelStore
internal import Postprocessing

/// `tessera find-best-configuration`
struct FindBestConfigurationCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "find-best-configuration",
    abstract: "Chooses the configuration, or pair of them, that did best in cross-validation.",
    discussion: """
      Chooses as nnUNet_find_best_configuration does, by the mean foreground Dice of the folds' validations below RESULTS_FOLDER, and writes
      its files: each configuration's postprocessing.json, the pairs' folders in ensembles, summary.csv and prediction_commands.txt.
      What is there is used again. Pairs need validations with probabilities (nnUNet_train … -val --npz).

        tessera find-best-configuration -t 501 -m 2d 3d_fullres
        tessera find-best-configuration -t 501 -o elsewhere --disable_ensembling
      """)

  @Option(
    name: [.customShort("t"), .customLong("task_ids"), .customLong("task-ids")], parsing: .upToNextOption,
    help: ArgumentHelp("Tasks below RESULTS_FOLDER, TaskXXX_Name or their numbers.", valueName: "task"))
  var tasks: [String]

  @Option(
    name: [.customShort("m"), .customLong("models")], parsing: .upToNextOption,
    help: ArgumentHelp(
      "2d, 3d_lowres, 3d_fullres (or 3d), 3d_cascade_fullres. Default: those that were trained.",
      valueName: "configuration"), completion: .list(ModelConfiguration.allCases.map(\.rawValue)))
  var configurations: [String] = []

  @Option(
    name: .customLong("ctr", withSingleDash: true),
    help: ArgumentHelp("The trainer's class of 3d_cascade_fullres.", valueName: "trainer"))
  var cascadeTrainer: String?

  @OptionGroup var models: CrossValidationOptions

  @Flag(
    name: [.customLong("disable_ensembling"), .customLong("disable-ensembling")],
    help: "Single configurations only.")
  var disablesEnsembling = false

  @Flag(
    name: [.customLong("disable_postprocessing"), .customLong("disable-postprocessing")],
    help: "Determine no postprocessing.")
  var disablesPostprocessing = false

  @Flag(
    name: [.customLong("overwrite_existing"), .customLong("overwrite-existing")],
    help: "Make everything again, also what is there.")
  var overwrites = false

  @OptionGroup var cases: CaseOptions

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    guard !tasks.isEmpty else { throw ValidationError("-t needs a task.") }
    let chosen = try configurations.map { try CrossValidationOptions.configuration($0) }
    guard Set(chosen).count == chosen.count else { throw ValidationError("-m takes each configuration once.") }
  }

  func run() async throws {
    try await Failures.reported {
      var reports: [SelectionReport] = []
      for task in tasks {
        let selection = try ConfigurationSelection(
          models: try found(task), ensembles: !disablesEnsembling, determinesRules: !disablesPostprocessing,
          remakes: overwrites, outputRoot: models.outputRoot, threads: cases.count)
        let result = try selection.run { Output.note("\(task): \($0)") }
        if json { reports.append(SelectionReport(result)) } else { try show(result) }
      }
      if json { try Output.json(reports) }
    }
  }

  /// The models that were asked for, or all that were trained.
  private func found(_ task: String) throws -> [CrossValidatedModel] {
    func model(_ configuration: ModelConfiguration) throws -> CrossValidatedModel {
      try models.model(task: task, configuration: configuration, cascadeTrainer: cascadeTrainer)
    }
    guard configurations.isEmpty else {
      return try configurations.map { try model(try CrossValidationOptions.configuration($0)) }
    }
    var found: [CrossValidatedModel] = []
    var reasons: [String] = []
    for configuration in ModelConfiguration.allCases {
      do {
        found.append(try model(configuration))
      } catch let error as ModelStoreError {
        reasons.append("\(configuration.rawValue): \(error)")
      }
    }
    guard !found.isEmpty else {
      throw InputError("No configuration of \(task) was trained. " + reasons.joined(separator: " "))
    }
    for reason in reasons { Output.note("left out, \(reason)") }
    return found
  }

  private func show(_ result: SelectionResult) throws {
    let report = SelectionReport(result)
    var table = TextTable(
      [("", .left), ("model", .left)] + result.labels.map { ("label \($0)", .right) } + [("mean Dice", .right)])
    for candidate in result.candidates {
      let isBest = result.winners.contains { $0.name == candidate.name }
      table.add(
        [isBest ? "*" : "", candidate.name]
          + result.labels.map { Formats.number(candidate.summary.dice(of: $0), digits: 4) }
          + [Formats.number(candidate.score, digits: 4)])
    }
    Output.line(table.rendered())
    Output.line("\n\(result.task) submit model \(result.best.name) \(result.best.score)")
    if let rules = try rules(of: result.best) { Output.line(RulesText.sentence(rules)) }
    Output.line("\nNew cases, by Tessera:\n  \(report.tesseraCommand)\nby nnU-Net:")
    for line in report.nnunetCommands { Output.line("  \(line)") }
  }

  private func rules(of candidate: Candidate) throws -> PostprocessingRules? {
    guard let file = candidate.rulesFile, let content = FileManager.default.contents(atPath: file.path) else {
      return nil
    }
    return try PostprocessingRules(json: content)
  }
}

/// What `--json` prints.
private struct SelectionReport: Encodable {
  struct Score: Encodable {
    var model: String
    var dice: [String: Double]
    var mean: Double
    var postprocessing: String?
  }

  var task: String
  var best: String
  var candidates: [Score]
  var tesseraCommand: String
  var nnunetCommands: [String]

  init(_ result: SelectionResult) {
    task = result.task
    best = result.best.name
    candidates = result.candidates.map { candidate in
      Score(
        model: candidate.name,
        dice: Dictionary(
          uniqueKeysWithValues: result.labels.map { (String($0), candidate.summary.dice(of: $0)) }),
        mean: candidate.score, postprocessing: candidate.rulesFile?.path)
    }
    let commands = PredictionCommands(for: result.best)
    tesseraCommand = commands.tessera
    nnunetCommands = commands.nnunet.split(separator: "\n").map(String.init)
  }
}

internal import ArgumentParser
internal import Foundation
internal import ModelSelection
internal import ModelStore
internal import Postprocessing

/// `tessera determine-postprocessing`
struct DeterminePostprocessingCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "determine-postprocessing",
    abstract: "Finds, on a model's cross-validation, which small components are better removed.",
    discussion: """
      Reads the folds' validation_raw and gt_niftis below RESULTS_FOLDER; writes cv_niftis_raw, cv_niftis_postprocessed and
      postprocessing.json into the model's folder, as nnUNet_determine_postprocessing does.

        tessera determine-postprocessing -t 501 -m 3d_fullres
      """)

  @Option(
    name: [.customShort("t"), .customLong("task_name"), .customLong("task-name")],
    help: ArgumentHelp("A task below RESULTS_FOLDER, TaskXXX_Name or its number.", valueName: "task"))
  var task: String

  @Option(
    name: [.customShort("m"), .customLong("model")],
    help: ArgumentHelp("2d, 3d_lowres, 3d_fullres (or 3d), 3d_cascade_fullres.", valueName: "configuration"),
    completion: .list(ModelConfiguration.allCases.map(\.rawValue)))
  var configuration: String

  @Option(
    name: .customLong("val", withSingleDash: true),
    help: ArgumentHelp("The folder with a fold's predictions.", valueName: "name"))
  var validation = CrossValidatedModel.defaultValidation

  @OptionGroup var models: CrossValidationOptions

  @OptionGroup var cases: CaseOptions

  @Flag(help: "Print JSON.")
  var json = false

  private struct Report: Encodable {
    struct Label: Encodable {
      var label: Int
      /// Mean Dice with all components, `nil` where there is none.
      var dice: Double?
      var diceLargestOfForeground: Double?
      var diceLargestOfLabel: Double?
    }

    /// Where the rules were written.
    var file: String
    /// In words.
    var rules: String
    var labels: [Label]
  }

  func validate() throws { _ = try CrossValidationOptions.configuration(configuration) }

  func run() async throws {
    try await Failures.reported {
      let model = try models.model(
        task: task, configuration: try CrossValidationOptions.configuration(configuration),
        cascadeTrainer: models.trainer, validation: validation)
      let found = try Consolidation(of: model).determineRules(threads: cases.count)
      let file = model.output.appending(path: Consolidation.rulesFile).path
      if json {
        return try Output.json(
          Report(
            file: file, rules: RulesText.sentence(found.rules),
            labels: found.raw.keys.sorted().map { label in
              Report.Label(
                label: label, dice: found.raw[label].finite,
                diceLargestOfForeground: found.wholeForeground[label].finite,
                diceLargestOfLabel: found.eachLabel[label].finite)
            }))
      }
      var table = TextTable([
        ("label", .right), ("Dice", .right), ("largest of foreground", .right), ("largest of each label", .right),
      ])
      for label in found.raw.keys.sorted() {
        table.add(
          ["\(label)"]
            + [found.raw, found.wholeForeground, found.eachLabel].map {
              $0[label].map { Formats.number($0, digits: 4) } ?? "-"
            })
      }
      Output.line(table.rendered())
      Output.line("")
      Output.line(RulesText.sentence(found.rules))
      Output.line(file)
    }
  }
}

extension Double? {
  /// `nil` for what isn't a number, which JSON can't hold.
  fileprivate var finite: Double? { flatMap { $0.isFinite ? $0 : nil } }
}

/// Rules in words.
enum RulesText {
  static func sentence(_ rules: PostprocessingRules) -> String {
    guard let items = rules.items else { return "Only the largest component of each label stays." }
    guard !items.isEmpty else { return "Nothing is removed: no label gains by it." }
    let parts = items.map { item in
      switch item {
      case .label(let label): "of label \(label)"
      case .region(let labels): "of labels \(labels.map(String.init).joined(separator: ", ")) together"
      }
    }
    return "Only the largest component stays: " + parts.joined(separator: ", then ") + "."
  }
}

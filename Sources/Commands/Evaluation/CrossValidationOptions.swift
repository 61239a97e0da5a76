internal import ArgumentParser
internal import Foundation
internal import ModelSelection
internal import ModelStore

/// Where models and their cross-validation are: nnU-Net's words.
struct CrossValidationOptions: ParsableArguments {
  @Option(
    name: .customLong("tr", withSingleDash: true),
    help: ArgumentHelp("The trainer's class.", valueName: "trainer"))
  var trainer: String?

  @Option(
    name: .customLong("pl", withSingleDash: true),
    help: ArgumentHelp("The plans' identifier.", valueName: "plans"))
  var plans: String?

  @Option(
    name: [.customShort("f"), .customLong("folds")], parsing: .upToNextOption,
    help: ArgumentHelp("Folds whose validation counts. Default: 0 to 4.", valueName: "fold"))
  var folds: [Int] = CrossValidatedModel.defaultFolds

  @Option(
    name: [.customShort("o"), .customLong("output")],
    help: ArgumentHelp(
      "Another folder for all that is written, laid out like RESULTS_FOLDER, which is then only read.", valueName: "dir"
    ), completion: .directory)
  var output: String?

  func validate() throws {
    guard !folds.isEmpty, folds.allSatisfy({ $0 >= 0 }), Set(folds).count == folds.count else {
      throw ValidationError("-f takes fold numbers, each once; found \(folds.map(String.init).joined(separator: " ")).")
    }
  }

  /// The folder that stands for the one with the configurations.
  var outputRoot: URL? { output.map { URL(filePath: $0).appending(path: "nnUNet") } }

  /// - Throws: `SettingsError` without RESULTS_FOLDER, `ModelStoreError` for a model that isn't there.
  func model(
    task: String, configuration: ModelConfiguration, cascadeTrainer: String? = nil,
    validation: String = CrossValidatedModel.defaultValidation
  ) throws -> CrossValidatedModel {
    guard let results = ProcessInfo.processInfo.environment["RESULTS_FOLDER"] else {
      throw SettingsError("-t needs the environment variable RESULTS_FOLDER, nnU-Net's folder of trained models.")
    }
    let folder = try ModelLocation.find(
      results: URL(filePath: results), task: task, configuration: configuration.rawValue, trainer: trainer,
      cascadeTrainer: cascadeTrainer, plans: plans)
    return CrossValidatedModel(
      configuration: configuration, folder: folder, outputRoot: outputRoot, folds: folds, validation: validation)
  }

  /// By nnU-Net's name, or `3d` for `3d_fullres`.
  static func configuration(_ name: String) throws -> ModelConfiguration {
    guard let found = ModelConfiguration(named: name) else {
      let names = ModelConfiguration.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("-m takes \(names), or 3d for 3d_fullres; \(name) is none of them.")
    }
    return found
  }
}

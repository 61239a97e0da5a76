internal import ArgumentParser
internal import Foundation
internal import ModelStore

/// Which trained models, and which of their folds: nnU-Net's words.
struct ModelOptions: ParsableArguments {
  @Option(
    name: [.customShort("d"), .customLong("model-dir"), .customLong("model_dir")], parsing: .upToNextOption,
    help: ArgumentHelp(
      "A trained model's folder, as nnU-Net wrote it (holds fold_0 … or all); several make an ensemble.",
      valueName: "dir"), completion: .directory)
  var folders: [String] = []

  @Option(
    name: [.customShort("t"), .customLong("task_name"), .customLong("task-name")],
    help: ArgumentHelp("Instead of -d: a task below RESULTS_FOLDER, TaskXXX_Name or its number.", valueName: "task"))
  var task: String?

  @Option(
    name: [.customShort("m"), .customLong("model")], parsing: .upToNextOption,
    help: ArgumentHelp(
      "With -t: the configurations: 2d, 3d_lowres, 3d_fullres (or 3d), 3d_cascade_fullres; several make an ensemble.",
      valueName: "configuration"), completion: .list(ModelConfiguration.allCases.map(\.rawValue)))
  var configurations: [String] = ["3d_fullres"]

  @Option(
    name: .customLong("tr", withSingleDash: true),
    help: ArgumentHelp("The trainer's class; with -d, of a cascade's first stage.", valueName: "trainer"))
  var trainer: String?

  @Option(
    name: [.customLong("ctr", withSingleDash: true), .customLong("cascade_trainer_class_name")],
    help: ArgumentHelp("With -t: the trainer's class of a cascade's second stage.", valueName: "trainer"))
  var cascadeTrainer: String?

  @Option(name: .customShort("p"), help: ArgumentHelp("With -t: the plans' identifier.", valueName: "plans"))
  var plans: String?

  @Option(
    name: [.customLong("lowres_model_dir"), .customLong("lowres-model-dir")],
    help: ArgumentHelp(
      "With -d: the folder of a cascade's first stage, where it doesn't lie beside the second as nnU-Net puts it.",
      valueName: "dir"), completion: .directory)
  var firstStage: String?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("The ensemble's weights, one for each model. Default: all equal.", valueName: "number"))
  var weights: [Double] = []

  @OptionGroup var folds: FoldOptions

  func validate() throws {
    guard folders.isEmpty != (task == nil) else {
      throw ValidationError("Name the model: either -d MODEL_DIR, or -t TASK with RESULTS_FOLDER set.")
    }
    for name in configurations where ModelConfiguration(named: name) == nil {
      let known = ModelConfiguration.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("-m takes \(known), or 3d for 3d_fullres; \(name) is none of them.")
    }
    let members = folders.isEmpty ? configurations.count : folders.count
    guard members > 0 else { throw ValidationError("-m needs at least one configuration.") }
    guard weights.isEmpty || weights.count == members else {
      throw ValidationError(
        "--weights needs one number for each of the \(members) models, \(weights.count) were given.")
    }
    guard weights.allSatisfy({ $0.isFinite && $0 > 0 }) else {
      throw ValidationError("--weights must be numbers above 0.")
    }
  }

  /// The models' folders, found.
  /// - Throws: `SettingsError` without RESULTS_FOLDER, `ModelStoreError` for a model that isn't there.
  func members() throws -> [LocalModel] {
    let selection = try folds.selection()
    let places: [(folder: URL, firstStage: () throws -> URL)]
    if let task {
      guard let results = ProcessInfo.processInfo.environment["RESULTS_FOLDER"] else {
        throw SettingsError(
          "-t needs the environment variable RESULTS_FOLDER, nnU-Net's folder of trained models; or name the model by -d."
        )
      }
      func find(_ configuration: String) throws -> URL {
        try ModelLocation.find(
          results: URL(filePath: results), task: task, configuration: configuration, trainer: trainer,
          cascadeTrainer: cascadeTrainer, plans: plans)
      }
      places = try configurations.map { name in
        (try find(name), { try find(ModelConfiguration.lowResolution.rawValue) })
      }
    } else {
      places = folders.map { path in
        let folder = URL(filePath: path)
        return (
          folder,
          { try firstStage.map { URL(filePath: $0) } ?? ModelLocation.firstStage(of: folder, trainer: trainer) }
        )
      }
    }
    return places.enumerated().map { index, place in
      LocalModel(
        folder: place.folder, folds: selection, checkpoint: folds.checkpoint, treatedAs: folds.treatedAs,
        weight: weights.isEmpty ? 1 : weights[index], firstStage: place.firstStage)
    }
  }
}

/// A model on this machine's disk that takes part in a prediction.
struct LocalModel {
  var folder: URL
  var folds: FoldSelection
  var checkpoint: String
  /// nnU-Net's trainer to take it for; `nil` for the one that it names.
  var treatedAs: String?
  var weight: Double
  /// Finds the folder of a cascade's first stage; asked only where there is one to be predicted.
  var firstStage: () throws -> URL
}

internal import ArgumentParser
internal import Foundation
internal import ModelStore

/// Which trained model, and which of its folds: nnU-Net's words.
struct ModelOptions: ParsableArguments {
  @Option(
    name: [.customShort("d"), .customLong("model-dir"), .customLong("model_dir")],
    help: ArgumentHelp("A trained model's folder, as nnU-Net wrote it (holds fold_0 … or all).", valueName: "dir"))
  var folder: String?

  @Option(
    name: [.customShort("t"), .customLong("task_name"), .customLong("task-name")],
    help: ArgumentHelp("Instead of -d: a task below RESULTS_FOLDER, TaskXXX_Name or its number.", valueName: "task"))
  var task: String?

  @Option(
    name: [.customShort("m"), .customLong("model")],
    help: ArgumentHelp("With -t: the configuration.", valueName: "configuration"))
  var configuration = "3d_fullres"

  @Option(
    name: .customLong("tr", withSingleDash: true),
    help: ArgumentHelp("With -t: the trainer's class.", valueName: "trainer"))
  var trainer: String?

  @Option(name: .customShort("p"), help: ArgumentHelp("With -t: the plans' identifier.", valueName: "plans"))
  var plans: String?

  @OptionGroup var folds: FoldOptions

  func validate() throws {
    guard (folder == nil) != (task == nil) else {
      throw ValidationError("Name the model: either -d MODEL_DIR, or -t TASK with RESULTS_FOLDER set.")
    }
  }
}

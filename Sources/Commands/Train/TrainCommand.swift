internal import ArgumentParser
internal import Foundation
internal import LabelFolders
internal import ModelStore
internal import Training

/// `tessera train`
struct TrainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Trains folds of a planned task, and validates them.",
    discussion: """
      As nnUNet_train, with its words and its files: plans and preprocessed cases from nnUNet_preprocessed (tessera plan makes them),
      results to RESULTS_FOLDER/nnUNet/CONFIGURATION/TASK/TRAINER__PLANS/fold_N. nnU-Net can predict with what comes out, and continue
      training it; -c here continues nnU-Net's. 1000 epochs of 250 iterations are nnU-Net's standard and made for GPUs: give fewer here.

      The process may be stopped (SIGINT, SIGTERM) or killed at any moment; -c goes on, and the result has the same bits as if nothing had
      happened. It depends on the seed, not on the number of threads.

        tessera train 3d_fullres nnUNetTrainerV2 501 0 1 2 3 4 --npz --epochs 50 --iterations 100
        tessera train 3d_fullres nnUNetTrainerV2 Task501_BrainTissue 0 -c
        tessera train 2d nnUNetTrainerV2 501 all
        tessera train 3d_cascade_fullres nnUNetTrainerV2CascadeFullRes 501 0 1 2 3 4
        tessera train 3d_fullres nnUNetTrainerV2 501 0 -pretrained_weights model_final_checkpoint.model --epochs 20
        tessera train 3d_fullres nnUNetTrainerV2 501 0 -val --npz
      """)

  @Argument(
    help: ArgumentHelp("2d, 3d_lowres, 3d_fullres (or 3d), 3d_cascade_fullres.", valueName: "configuration"))
  var network: String

  @Argument(
    help: ArgumentHelp("nnUNetTrainerV2, or nnUNetTrainerV2CascadeFullRes for the cascade.", valueName: "trainer"))
  var trainer: String

  @Argument(help: ArgumentHelp("TaskNNN_Name or its number.", valueName: "task"))
  var task: String

  @Argument(
    help: ArgumentHelp("Folds, one after the other: 0 to 4 of the cross-validation, or all.", valueName: "fold"))
  var folds: [String]

  @Flag(
    name: [.customShort("c"), .customLong("continue_training"), .customLong("continue-training")],
    help: "Go on from the checkpoint that is farthest on; begin where there is none.")
  var continues = false

  @Flag(help: "Begin again where a fold has been trained: its checkpoints are replaced.")
  var overwrite = false

  @Option(
    name: [.customShort("p"), .customLong("plans")],
    help: ArgumentHelp("The first part of the plans' file names.", valueName: "identifier"))
  var plans = ModelLocation.defaultPlans

  @Option(
    name: [
      .customLong("pretrained_weights", withSingleDash: true), .customLong("pretrained_weights"),
      .customLong("pretrained-weights"),
    ],
    help: ArgumentHelp("Begin with the weights of another training of the same plans.", valueName: "file.model"))
  var pretrained: String?

  @Option(help: ArgumentHelp("Epochs; the learning rate falls over all of them.", valueName: "n"))
  var epochs: Int?

  @Option(help: ArgumentHelp("Training iterations of an epoch.", valueName: "n"))
  var iterations: Int?

  @Option(
    name: .customLong("validation-iterations"),
    help: ArgumentHelp("Validation iterations of an epoch. Default: 50, or a fifth of --iterations.", valueName: "n"))
  var validationIterations: Int?

  @Option(
    help: ArgumentHelp(
      "From which first weights and all batches come. Default: \(FoldTraining.defaultSeed).", valueName: "n"))
  var seed: UInt64?

  @Option(help: "Compute threads. Default: all processors. The result doesn't depend on it.")
  var threads: Int?

  @Option(
    name: [.customLong("max-memory"), .customLong("max_memory")],
    help: ArgumentHelp(
      "Memory that the process may use, such as 4GiB: kept by working on fewer samples at a time, by computing activations again and by predicting in smaller parts, or refused before it begins.",
      valueName: "size"))
  var maxMemory: ByteCount?

  @Option(
    help: ArgumentHelp(
      "Write first weights and each batch to a folder, so that another implementation can be trained on the same.",
      valueName: "folder"))
  var record: String?

  @OptionGroup var validation: ValidationOptions

  @Flag(help: "Print the validations' Dice as JSON.")
  var json = false

  func validate() throws {
    guard !folds.isEmpty, Set(folds).count == folds.count,
      folds.allSatisfy({ $0 == "all" || Int($0).map { (0..<10_000).contains($0) } == true })
    else {
      throw ValidationError("Folds are numbers from 0 on or all, each once; found \(folds.joined(separator: " ")).")
    }
    for (name, value) in [
      ("--epochs", epochs), ("--iterations", iterations), ("--validation-iterations", validationIterations),
      ("--threads", threads),
    ] {
      guard value.map({ (1...1_000_000).contains($0) }) ?? true else {
        throw ValidationError("\(name) must be from 1 to 1000000.")
      }
    }
    guard ModelConfiguration(named: network) != nil else {
      let names = ModelConfiguration.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("The configuration \(network) is none of \(names).")
    }
    if validation.isAll, continues || overwrite || pretrained != nil || record != nil {
      throw ValidationError("-val trains nothing; leave -c, --overwrite, --record and -pretrained_weights away.")
    }
    guard !continues || record == nil else {
      throw ValidationError(
        "--record writes a training down from its beginning; leave -c away, or begin again with --overwrite.")
    }
    guard !continues || (!overwrite && pretrained == nil) else {
      throw ValidationError(
        "-c goes on with a training; --overwrite and -pretrained_weights begin one. Leave one of them away.")
    }
  }

  func run() async throws {
    try await Failures.reported {
      let command = self
      try await Interruption.cancelling { try command.train() }
    }
  }

  private func train() throws {
    let folders = NnunetFolders()
    let setup = try TrainingSetup(
      configuration: try CrossValidationOptions.configuration(network), trainer: trainer,
      task: try folders.plannedTask(task), plansIdentifier: plans, preprocessed: try folders.preprocessed,
      results: try folders.results
    )
    var options = FoldTrainer.Options(
      epochs: epochs, iterations: iterations,
      validationIterations: validationIterations ?? iterations.map { max(1, $0 / 5) }, seed: seed,
      threads: threads ?? ProcessInfo.processInfo.activeProcessorCount, maxMemory: maxMemory?.bytes)
    options.record = record.map { URL(filePath: $0) }
    options.pretrained = pretrained.map { URL(filePath: $0) }
    options.validation = validation.options
    options.validates = !validation.isLeftOut
    options.predictsNextStage = !validation.leavesNextStage
    let trainers = try folds.map { try FoldTrainer(setup, fold: Int($0), options: options) }
    if !continues, !overwrite, !validation.isAll {
      for trainer in trainers {
        guard let found = try trainer.fold.keeper.farthest() else { continue }
        throw TrainingError(
          "\(trainer.fold.url.path) has a training of \(found.epochs) epochs already; -c goes on with it, --overwrite begins again."
        )
      }
    }
    var reports: [FoldReport] = []
    for trainer in trainers {
      let name = "\(setup.configuration.rawValue) \(trainer.fold.fold)"
      let line = TrainingLine(title: name)
      defer { line.finish() }
      let isCancelled: () -> Bool = { Task.isCancelled }
      let summary =
        if validation.isAll {
          try trainer.validate(
            shouldStop: isCancelled, progress: { line.show($0) }, remark: { line.note($0) })
        } else {
          try trainer.run(
            continues: continues, shouldStop: isCancelled, progress: { line.show($0) }, remark: { line.note($0) },
            epochDone: { line.show($0) })
        }
      line.finish()
      guard let summary else { continue }
      let report = FoldReport(trainer.fold, summary)
      if !json { Output.line(report.line) }
      reports.append(report)
    }
    if json { try Output.json(reports) }
  }
}

/// How a fold's own cases are predicted when it is trained: nnU-Net's words.
struct ValidationOptions: ParsableArguments {
  @Flag(
    name: [.customLong("val", withSingleDash: true), .customLong("validation_only"), .customLong("validation-only")],
    help: "Only validate folds that are trained.")
  var isAll = false

  @Flag(help: "Keep the validation's probabilities, which pairs of configurations need.")
  var npz = false

  @Flag(help: "Validate with the best checkpoint instead of the final one.")
  var valbest = false

  @Option(
    name: [.customLong("val_folder"), .customLong("val-folder")],
    help: ArgumentHelp("Name of the folder for the validation.", valueName: "name"))
  var folder = "validation_raw"

  @Flag(
    name: [.customLong("val_disable_overwrite"), .customLong("val-disable-overwrite")],
    help: "Predict only cases that aren't there yet.")
  var keeps = false

  @Flag(
    name: [.customLong("disable_postprocessing_on_folds"), .customLong("disable-postprocessing-on-folds")],
    help: "Determine no postprocessing for each fold; tessera find-best-configuration determines it for all of them.")
  var leavesRules = false

  @Flag(
    name: [.customLong("disable_validation_inference"), .customLong("disable-validation-inference")],
    help: "Don't predict the validation cases.")
  var isLeftOut = false

  @Flag(
    name: [.customLong("disable_next_stage_pred"), .customLong("disable-next-stage-pred")],
    help: "3d_lowres: don't predict what a cascade is trained with.")
  var leavesNextStage = false

  /// A processor's float32, always the same bits, and cases unpacked beside their archives: as nnU-Net is told to, or not.
  @Flag(name: .customLong("fp32"), help: .hidden) var single = false
  @Flag(help: .hidden) var deterministic = false
  @Flag(name: .customLong("use_compressed_data"), help: .hidden) var compressed = false

  var options: FoldValidation.Options {
    FoldValidation.Options(
      savesProbabilities: npz, overwrites: !keeps, folder: folder, determinesRules: !leavesRules, usesBest: valbest)
  }

  func validate() throws {
    guard !folder.isEmpty, !folder.contains("/"), folder != ".", folder != ".." else {
      throw ValidationError("--val_folder is the name of a folder in the fold's, such as validation_raw.")
    }
  }
}

/// What `tessera train` prints of a fold.
private struct FoldReport: Encodable {
  var fold: String
  var folder: String
  var dice: [String: Double?]
  var foregroundDice: Double?

  init(_ fold: FoldFolder, _ summary: Summary) {
    func finite(_ value: Double) -> Double? { value.isFinite ? value : nil }
    self.fold = fold.fold.folder
    folder = fold.url.path
    dice = Dictionary(
      uniqueKeysWithValues: summary.labels.filter { $0 > 0 }.map { ("\($0)", finite(summary.dice(of: $0))) })
    foregroundDice = finite(summary.foregroundDice)
  }

  var line: String {
    func text(_ value: Double?) -> String { value.map { Formats.number($0, digits: 4) } ?? "-" }
    let labels = dice.sorted { (Int($0.key) ?? 0) < (Int($1.key) ?? 0) }.map { "\($0.key): \(text($0.value))" }
    return "\(fold): Dice \(text(foregroundDice)) (\(labels.joined(separator: ", "))), \(folder)"
  }
}

internal import ArgumentParser
internal import Fleet
internal import FleetContracts
internal import Foundation
internal import ModelStore
internal import TrainingData

/// `tessera submit-training`
struct SubmitTrainingCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "submit-training",
    abstract:
      "Trains a planned task on the fleet: each configuration on each fold, then the choice of the best as a model.",
    discussion: """
      The preprocessed task, below nnUNet_preprocessed, goes into the blob store; from then on `tessera trainer` processes on any machine take
      its folds. A cascade begins when 3d_lowres is done on all folds. At the end the configuration, or pair of them, that did best in
      cross-validation is registered as a model under --name.

        tessera submit-training 501 -m 2d 3d_fullres --name tissue
        tessera submit-training Task501_BrainTissue -m 3d_lowres 3d_fullres 3d_cascade_fullres -f 0 1 2 3 4 --name tissue --wait
        tessera submit-training 501 -m 2d -f 0 1 --epochs 8 --iterations 10 --name quick --key nightly-1 --json
      """)

  @Argument(help: "TaskXXX_Name or its number, planned and preprocessed (tessera plan).")
  var task: String

  @Option(
    name: [.customShort("m"), .customLong("models")], parsing: .upToNextOption,
    help: ArgumentHelp(
      "2d, 3d_lowres, 3d_fullres (or 3d), 3d_cascade_fullres. Default: 2d and 3d_fullres.", valueName: "configuration"))
  var configurations: [String] = ["2d", "3d_fullres"]

  @Option(
    name: [.customShort("f"), .customLong("folds")], parsing: .upToNextOption,
    help: ArgumentHelp("Folds of the cross-validation. Default: all of the task's split.", valueName: "fold"))
  var folds: [Int] = []

  @Option(
    help: ArgumentHelp("What `tessera submit --model` will call the best one. Default: the task.", valueName: "name"))
  var name: String?

  @Option(help: ArgumentHelp("Epochs of each fold.", valueName: "n"))
  var epochs = 1000

  @Option(help: ArgumentHelp("Training batches of an epoch.", valueName: "n"))
  var iterations = 250

  @Option(
    name: .customLong("validation-iterations"), help: ArgumentHelp("Validation batches of an epoch.", valueName: "n"))
  var validationIterations = 50

  @Option(
    help: ArgumentHelp("Weights and batches are drawn from it: the same seed gives the same bits.", valueName: "n"))
  var seed = 12345

  @Option(
    name: .customLong("checkpoint-every"),
    help: ArgumentHelp("Epochs between checkpoints in the blob store.", valueName: "n"))
  var checkpointEvery = 1

  @Option(
    name: .customLong("tr", withSingleDash: true), help: ArgumentHelp("The trainer's class.", valueName: "trainer"))
  var trainer = ModelLocation.defaultTrainer

  @Option(
    name: .customLong("ctr", withSingleDash: true),
    help: ArgumentHelp("The trainer's class of 3d_cascade_fullres.", valueName: "trainer"))
  var cascadeTrainer = ModelLocation.defaultCascadeTrainer

  @Option(
    name: [.customLong("pl", withSingleDash: true), .customShort("p")],
    help: ArgumentHelp("The plans' identifier.", valueName: "plans"))
  var plans = ModelLocation.defaultPlans

  @Flag(
    name: [.customLong("disable_ensembling"), .customLong("disable-ensembling")],
    help: "Choose among single configurations only.")
  var disablesEnsembling = false

  @Option(
    help: ArgumentHelp("Your own key: the same key with the same content finds the same training.", valueName: "key"))
  var key: String?

  @Option(help: ArgumentHelp("For whom it is trained.", valueName: "name"))
  var tenant = Tenant.default.name

  @Flag(help: "Wait for the end; the exit code says how it ended.")
  var wait = false

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var fleet: FleetOptions

  func run() async throws {
    try await Failures.reported {
      let tenant = try Tenant(tenant)
      let preprocessed = try NnunetFolders().preprocessed
      let task = try NnunetFolders().plannedTask(task)
      let names = try configurations.map { try CrossValidationOptions.configuration($0).rawValue }
      let adapters = try await fleet.adapters(for: "submit-training")
      let store = try adapters.store()
      let ledger = try await adapters.ledger()
      let split = try PreprocessedTask.folds(
        of: preprocessed.appending(path: task), plans: plans, configurations: names)
      var spec = TrainingSpec(
        task: task, configurations: names, folds: folds.isEmpty ? Array(0..<split) : folds, foldsOfSplit: split,
        trainer: trainer, cascadeTrainer: cascadeTrainer, plans: plans, data: PreprocessedTask.notYetStored,
        model: name ?? task, epochs: epochs, iterations: iterations, validationIterations: validationIterations,
        seed: seed, checkpointEvery: checkpointEvery, ensembles: !disablesEnsembling)
      try spec.check()
      Output.note("\(task): the preprocessed cases go into the blob store")
      spec.data = try await PreprocessedTask.put(task, of: preprocessed, into: store)
      let receipt = try await ledger.submit(spec, key: key, tenant: tenant)
      if !json || wait {
        Output.note(
          "training \(receipt.training), \(spec.jobs.count) jobs\(receipt.isNew ? "" : ", submitted before with this key")"
        )
      }
      guard wait else {
        if json {
          try Output.json(Receipt(training: receipt.training.description, isNew: receipt.isNew))
        } else {
          Output.line("\(receipt.training)")
        }
        await ledger.close()
        return
      }
      let record = try await TrainingWatcher(ledger: ledger).end(of: receipt.training)
      if json {
        try Output.json(TrainingReportRow(record, curves: try await ledger.curves(of: record.id)))
      } else {
        Output.line(TrainingTable.rendered(record, curves: try await ledger.curves(of: record.id)))
      }
      await ledger.close()
      guard record.state == .completed else { throw ExitCodes.failed }
    }
  }

  private struct Receipt: Encodable {
    var training: String
    var isNew: Bool
  }
}

/// Waits for a training's end, and says what goes on.
struct TrainingWatcher {
  let ledger: any Ledger

  func end(of training: TrainingID) async throws -> TrainingRecord {
    var said = ""
    while true {
      guard let record = try await ledger.training(training) else {
        throw InputError("There is no training \(training); `tessera training ls` lists them.")
      }
      let sentence = TrainingTable.sentence(record)
      if sentence != said { Output.note(sentence) }
      said = sentence
      if record.state.isFinal { return record }
      try await Task.sleep(for: .seconds(1))
    }
  }
}

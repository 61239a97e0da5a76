internal import ArgumentParser
internal import FleetContracts
internal import Foundation

/// `tessera training`
struct TrainingCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "training",
    abstract: "Shows what the fleet trains, ends trainings and takes them up again.",
    subcommands: [
      TrainingListCommand.self, TrainingShowCommand.self, TrainingCancelCommand.self, TrainingRetryCommand.self,
    ])

  /// - Throws: `InputError` for anything but an identifier.
  static func identifier(_ text: String) throws -> TrainingID {
    guard let id = TrainingID(text) else {
      throw InputError("\(text) isn't a training's identifier; `tessera training ls` lists them.")
    }
    return id
  }
}

/// `tessera training ls`
struct TrainingListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ls", abstract: "Lists trainings, the newest first.",
    discussion: """
        tessera training ls
        tessera training ls --limit 3 --json
      """)

  @Option(help: ArgumentHelp("At most so many.", valueName: "n"))
  var limit = 20

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var fleet: FleetOptions

  func run() async throws {
    try await Failures.reported {
      let ledger = try await fleet.adapters(for: "training").ledger()
      let records = try await ledger.trainings(limit: limit)
      await ledger.close()
      if json { return try Output.json(records.map { TrainingReportRow($0, curves: []) }) }
      guard !records.isEmpty else { return Output.note("No training was submitted; `tessera submit-training` does.") }
      var table = TextTable([
        ("training", .left), ("task", .left), ("model", .left), ("state", .left), ("jobs done", .right),
        ("submitted", .left),
      ])
      for record in records {
        table.add([
          record.id.description, record.spec.task, record.spec.model, record.state.rawValue,
          "\(record.jobs.count { $0.state == .done })/\(record.jobs.count)", record.submittedAt.formatted(.iso8601),
        ])
      }
      Output.line(table.rendered())
    }
  }
}

/// `tessera training show`
struct TrainingShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Shows a training: each configuration and fold, how far it is, who has it.",
    discussion: """
      The curves of all epochs are in the view analytics.training_curves, and with --json. Below the folds it says what has failed, and who has
      cancelled the training or taken it up again.

        tessera training show 0192f0c1-2f3a-7c55-9d0e-3b1f6a7c8d9e
        tessera training show 0192f0c1-2f3a-7c55-9d0e-3b1f6a7c8d9e --json
      """)

  @Argument(help: "The training's identifier, as `tessera submit-training` printed it.")
  var training: String

  @Flag(help: "Print JSON, with the curves.")
  var json = false

  @OptionGroup var fleet: FleetOptions

  func run() async throws {
    try await Failures.reported {
      let id = try TrainingCommand.identifier(training)
      let ledger = try await fleet.adapters(for: "training").ledger()
      guard let record = try await ledger.training(id) else {
        throw InputError("There is no training \(id); `tessera training ls` lists them.")
      }
      let curves = try await ledger.curves(of: id)
      await ledger.close()
      if json { return try Output.json(TrainingReportRow(record, curves: curves)) }
      Output.line(TrainingTable.rendered(record, curves: curves))
    }
  }
}

/// `tessera training cancel`
struct TrainingCancelCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cancel", abstract: "Ends trainings that nobody wants any more.",
    discussion: """
      Trainers leave their jobs after their next report. What was trained stays in the store for 30 days, for `tessera training retry`, and then
      until `tessera clean`; a training that is over stays as it is. Cancelling again is harmless. Who has cancelled is kept.

        tessera training cancel 0192f0c1-2f3a-7c55-9d0e-3b1f6a7c8d9e
      """)

  @OptionGroup var named: NamedTrainings

  func run() async throws {
    try await named.change { id, user, ledger, _ in
      switch try await ledger.cancel(id, by: user) {
      case nil: .unknown(id)
      case .cancelled?:
        NamedTrainings.Outcome(state: .cancelled, isDone: true, sentence: "training \(id) is cancelled")
      case let state?:
        NamedTrainings.Outcome(
          state: state, isDone: true, sentence: "training \(id) was \(state.rawValue) before and stays so")
      }
    }
  }
}

internal import ArgumentParser
internal import FleetContracts

/// `tessera training retry`
struct TrainingRetryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry", abstract: "Takes up again what has failed or was cancelled of trainings.",
    discussion: """
      Do it once the cause is removed. Failed and cancelled jobs go on from their last checkpoints and come to the bits of an undisturbed
      training; what was skipped for them follows; finished folds are kept. Of a training that still runs, only what has failed is taken up.

        tessera training retry 0192f0c1-2f3a-7c55-9d0e-3b1f6a7c8d9e
      """)

  @Argument(help: ArgumentHelp("The trainings' identifiers.", valueName: "training"))
  var trainings: [String]

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var fleet: FleetOptions

  private struct Report: Encodable {
    var training: String
    /// From now on; `nil` for an unknown one.
    var state: String?
    /// Positions; empty where there was nothing to take up.
    var retriedJobs: [Int]
  }

  func run() async throws {
    try await Failures.reported {
      let ids = try trainings.map { try TrainingCommand.identifier($0) }
      let adapters = try await fleet.adapters(for: "training")
      let store = try adapters.store()
      let ledger = try await adapters.ledger()
      var reports: [Report] = []
      for id in ids {
        guard let record = try await ledger.training(id) else {
          Output.note("There is no training \(id); `tessera training ls` lists them.")
          reports.append(Report(training: id.description, state: nil, retriedJobs: []))
          continue
        }
        var retried: [Int] = []
        if record.board.canBeRetried, !(try await store.contains(record.spec.data)) {
          Output.note(
            """
            Training \(id) can't be taken up: its preprocessed task isn't in the store any more, as `tessera clean` has removed it. \
            Submit it again with `tessera submit-training`.
            """)
        } else {
          retried = try await ledger.retry(id) ?? []
          if retried.isEmpty {
            Output.note(
              "Training \(id) is \(record.state.rawValue) and none of its jobs has failed or was cancelled, so there is nothing to retry."
            )
          } else if !json {
            Output.line("training \(id) goes on with \(retried.count) job\(retried.count == 1 ? "" : "s")")
          }
        }
        let state = try await ledger.training(id)?.state
        reports.append(Report(training: id.description, state: state?.rawValue, retriedJobs: retried))
      }
      await ledger.close()
      if json { try Output.json(reports) }
      if reports.contains(where: \.retriedJobs.isEmpty) { throw ExitCodes.data }
    }
  }
}

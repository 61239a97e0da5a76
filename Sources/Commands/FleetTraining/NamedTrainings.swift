internal import ArgumentParser
internal import FleetContracts

/// The trainings that a command changes, which are named one after the other.
struct NamedTrainings: ParsableArguments {
  @Argument(help: ArgumentHelp("The trainings' identifiers.", valueName: "training"))
  var trainings: [String]

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var fleet: FleetOptions

  /// What became of one of them.
  struct Outcome {
    /// The training's state from now on; `nil` for an unknown one.
    var state: TrainingState?
    /// Positions, where the command retries.
    var retriedJobs: [Int]?
    /// Whether it is as it was asked for.
    var isDone: Bool
    /// The same for people.
    var sentence: String

    static func unknown(_ id: TrainingID, retriedJobs: [Int]? = nil) -> Outcome {
      Outcome(
        retriedJobs: retriedJobs, isDone: false,
        sentence: "There is no training \(id); `tessera training ls` lists them.")
    }
  }

  private struct Report: Encodable {
    var training: String
    var state: String?
    var retriedJobs: [Int]?
  }

  /// Changes each, and says what became of it.
  /// - Parameter change: given who asks for it.
  /// - Throws: `ExitCodes.data` in the end where one wasn't changed as it was asked for.
  func change(
    _ change: (TrainingID, _ operator: String, any Ledger, FleetAdapters) async throws -> Outcome
  ) async throws {
    try await Failures.reported {
      let ids = try trainings.map { try TrainingCommand.identifier($0) }
      let adapters = try await fleet.adapters(for: "training")
      let ledger = try await adapters.ledger()
      var reports: [Report] = []
      var areAllDone = true
      for id in ids {
        let outcome = try await change(id, DlqCommand.user, ledger, adapters)
        reports.append(
          Report(training: id.description, state: outcome.state?.rawValue, retriedJobs: outcome.retriedJobs))
        if !outcome.isDone {
          areAllDone = false
          Output.note(outcome.sentence)
        } else if !json {
          Output.line(outcome.sentence)
        }
      }
      await ledger.close()
      if json { try Output.json(reports) }
      if !areAllDone { throw ExitCodes.data }
    }
  }
}

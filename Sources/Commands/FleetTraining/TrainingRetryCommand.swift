internal import ArgumentParser
internal import FleetContracts

/// `tessera training retry`
struct TrainingRetryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry", abstract: "Takes up again what has failed or was cancelled of trainings.",
    discussion: """
      Do it once the cause is removed. Failed and cancelled jobs go on from their last checkpoints and come to the bits of an undisturbed
      training; what was skipped for them follows; finished folds are kept. Of a training that still runs, only what has failed is taken up.
      Who has retried, and when, is kept: `tessera training show` says it.

        tessera training retry 0192f0c1-2f3a-7c55-9d0e-3b1f6a7c8d9e
      """)

  @OptionGroup var named: NamedTrainings

  func run() async throws {
    try await named.change { id, user, ledger, adapters in
      func refused(_ state: TrainingState, _ sentence: String) -> NamedTrainings.Outcome {
        NamedTrainings.Outcome(state: state, retriedJobs: [], isDone: false, sentence: sentence)
      }
      switch try await ledger.retry(id, by: user, dataIn: try adapters.store()) {
      case .unknown: return .unknown(id, retriedJobs: [])
      case .dataIsGone(let state):
        return refused(
          state,
          """
          Training \(id) can't be taken up: what it is trained on or goes on from isn't in the store any more, as `tessera clean` has \
          removed it. Submit it again with `tessera submit-training`.
          """)
      case .nothingToRetry(let state):
        return refused(
          state,
          "Training \(id) is \(state.rawValue) and none of its jobs has failed or was cancelled, so there is nothing to retry."
        )
      case .retried(let jobs):
        return NamedTrainings.Outcome(
          state: .running, retriedJobs: jobs, isDone: true,
          sentence: "training \(id) goes on with \(jobs.count) job\(jobs.count == 1 ? "" : "s")")
      }
    }
  }
}

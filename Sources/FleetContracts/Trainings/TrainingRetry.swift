/// What became of the wish to take up a training again.
public enum TrainingRetry: Hashable, Sendable {
  /// There is no such training.
  case unknown
  /// None of its jobs has failed or was cancelled.
  case nothingToRetry(TrainingState)
  /// Its preprocessed task isn't in the store any more, so nothing was changed.
  case dataIsGone(TrainingState)
  /// It goes on with the jobs at these positions.
  case retried([Int])
}

extension TrainingOffice {
  /// Takes up again what has failed or was cancelled of a training, if what it is trained on is still there: the way that commands and the
  /// HTTP API take.
  /// - Parameters:
  ///   - operator: who asks for it.
  ///   - store: where the preprocessed task was put.
  public func retry(
    _ training: TrainingID, by operator: String, dataIn store: any BlobStore
  ) async throws -> TrainingRetry {
    guard let record = try await self.training(training) else { return .unknown }
    guard record.board.canBeRetried else { return .nothingToRetry(record.state) }
    guard try await store.contains(record.spec.data) else { return .dataIsGone(record.state) }
    guard let jobs = try await retry(training, by: `operator`) else { return .unknown }
    // Somebody else may have been faster.
    return jobs.isEmpty ? .nothingToRetry(record.state) : .retried(jobs)
  }
}

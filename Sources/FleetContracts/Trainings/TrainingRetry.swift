/// What became of the wish to take up a training again.
public enum TrainingRetry: Hashable, Sendable {
  /// There is no such training.
  case unknown
  /// None of its jobs has failed or was cancelled.
  case nothingToRetry(TrainingState)
  /// What it is trained on, or what it would go on from, isn't in the store any more, so nothing was changed.
  case dataIsGone(TrainingState)
  /// It goes on with the jobs at these positions.
  case retried([Int])
}

extension TrainingOffice {
  /// Takes up again what has failed or was cancelled of a training, if what it is trained on and goes on from is still there: the way that
  /// commands and the HTTP API take.
  /// - Parameters:
  ///   - operator: who asks for it.
  ///   - store: where the preprocessed task and the checkpoints were put.
  public func retry(
    _ training: TrainingID, by operator: String, dataIn store: any BlobStore
  ) async throws -> TrainingRetry {
    guard let record = try await self.training(training) else { return .unknown }
    guard record.board.canBeRetried else { return .nothingToRetry(record.state) }
    // Another training of the same task may have kept that, but keeps none of this one's checkpoints.
    for folder in record.board.foldersOfRetry.union([record.spec.data])
    where try await !store.contains(folder) {
      return .dataIsGone(record.state)
    }
    guard let jobs = try await retry(training, by: `operator`) else { return .unknown }
    guard jobs.isEmpty else { return .retried(jobs) }
    // Somebody else was faster, and has changed the state.
    return try await self.training(training).map { .nothingToRetry($0.state) } ?? .unknown
  }
}

public import Foundation

/// What the fleet couldn't handle and keeps for an operator: a tile that is dead, or a message that nobody could read.
public struct DeadLetter: Hashable, Sendable {
  public enum State: String, Hashable, Sendable, Codable, CaseIterable {
    /// Waits for an operator.
    case open
    /// Was sent on its way again.
    case replayed
    /// Was put aside for good.
    case dropped
  }

  public enum Content: Hashable, Sendable {
    /// A tile that has used up its attempts; `job` is its last one.
    case tile(job: TileJob, kind: FailureKind)
    /// A message that came from `queue`; `nil` where the broker doesn't tell.
    case message(QueueMessage, queue: QueueName?)
  }

  public var id: Int
  public var state: State
  public var content: Content
  /// Why it is here, as a sentence.
  public var reason: String
  /// The worker process that failed last.
  public var worker: String?
  public var at: Date
  /// When it was replayed or dropped last, and by whom.
  public var settledAt: Date?
  public var settledBy: String?

  public init(
    id: Int, state: State, content: Content, reason: String, worker: String?, at: Date, settledAt: Date? = nil,
    settledBy: String? = nil
  ) {
    self.id = id
    self.state = state
    self.content = content
    self.reason = reason
    self.worker = worker
    self.at = at
    self.settledAt = settledAt
    self.settledBy = settledBy
  }

  /// The run of a dead tile.
  public var run: RunID? {
    guard case .tile(let job, _) = content else { return nil }
    return job.run
  }
}

/// What an operation on a dead letter refuses.
public enum DeadLetterError: Error, Hashable, CustomStringConvertible {
  case unknown(Int)
  case notReplayable(Int, reason: String)
  case notDroppable(Int, reason: String)

  public var description: String {
    switch self {
    case .unknown(let id): "There is no dead letter \(id); `tessera dlq ls` shows those that there are."
    case .notReplayable(let id, let reason): "The dead letter \(id) can't be replayed: \(reason)"
    case .notDroppable(let id, let reason): "The dead letter \(id) can't be dropped: \(reason)"
    }
  }
}

public import Foundation

/// A worker whose results are wrong and aren't taken any more.
public struct Quarantine: Hashable, Sendable {
  /// The worker process, such as `host-4711`.
  public var worker: String
  /// One sentence.
  public var reason: String
  public var at: Date
  /// When an operator has released it, and who.
  public var releasedAt: Date?
  public var releasedBy: String?

  public init(worker: String, reason: String, at: Date, releasedAt: Date? = nil, releasedBy: String? = nil) {
    self.worker = worker
    self.reason = reason
    self.at = at
    self.releasedAt = releasedAt
    self.releasedBy = releasedBy
  }

  /// Rejected tiles of one worker from which it is quarantined: fewer may be the store's fault.
  public static let mostRejections = 3
  /// How often a quarantine that is in force is announced again, for workers that have missed it.
  public static let announcementInterval = Duration.seconds(30)

  /// Why a worker is quarantined whose tiles were rejected.
  public static func reason(rejections: Int, last: String) -> String {
    "\(rejections) of its tiles were rejected when their runs were stitched, the last one because: \(last)"
  }

  /// Why a run has failed of which a finished pass rests on results of a quarantined worker.
  public static let failureOfFinishedPass = RunFailure(
    kind: .corrupt,
    reason: "A quarantined worker had computed tiles of a finished pass of the run; submit the study again.")
}

/// Why an accepted tile can't be stitched.
public struct TileDamage: Hashable, Sendable {
  /// One sentence.
  public var reason: String
  /// Whether the bytes are lost or not what their digest says, which may be the store's fault; otherwise they are what the worker computed.
  public var isOfStore: Bool

  public init(reason: String, isOfStore: Bool) {
    self.reason = reason
    self.isOfStore = isOfStore
  }
}

/// The part of the ledger that keeps results of broken machines out.
public protocol WorkerQuarantine: Sendable {
  /// Takes no more results of `worker`. Harmless when it is quarantined already.
  /// - Returns: Whether it wasn't before.
  func quarantine(_ worker: String, reason: String) async throws -> Bool
  /// Takes its results again.
  /// - Returns: Whether it was quarantined.
  func release(_ worker: String, by operator: String) async throws -> Bool
  /// The newest first.
  func quarantines(onlyInForce: Bool, limit: Int) async throws -> [Quarantine]

  /// Takes back what quarantined workers have computed of runs that aren't over: the tiles go into the backlog again. A run of which a
  /// finished pass rests on them has failed.
  /// - Returns: How many tiles.
  func withdrawQuarantinedResults() async throws -> Int
  /// Quarantines in force that haven't been announced for an interval; from now on they have.
  func quarantinesToAnnounce() async throws -> [Quarantine]

  /// Takes back accepted tiles that turned out to be no probabilities, or not what their digests say, while the run was stitched. They are
  /// computed again, within the budget for corrupt attempts.
  ///
  /// A worker that is to blame for several is quarantined, and its tiles' budgets stay as they were. Damage of the store is blamed on a worker
  /// only when it befell tiles of this worker alone, and others' tiles of the pass are sound.
  /// - Throws: `LedgerError.fenced`.
  func reject(_ tiles: [Int: TileDamage], of work: StitchClaim) async throws
}

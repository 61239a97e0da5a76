internal import Digests
internal import FleetContracts

/// A run, in the making or over.
struct Run {
  /// What was submitted, for comparing submissions with one key.
  var content: Digest
  /// Without the counts of tiles.
  var record: RunRecord
  var epoch = 0
  /// Until when the run is somebody's; `nil` when it is nobody's.
  var leaseEnd: Duration?
  /// Planned so far, in order; the last one is in work.
  var passes: [PassID] = []
}

/// A caller's idempotency key: each tenant has its own.
struct RunKey: Hashable {
  var tenant: Tenant
  var key: String
}

struct Pass {
  var run: RunID
  var model: Digest
  /// The run's epoch when it was planned.
  var epoch: Int
  var document: Digest
  /// Floating-point operations of each tile; 0 where not known.
  var tileOperations: Double
  var tiles: [Tile]
  /// Steps done so far.
  var timings: [StepTiming]
}

struct Tile {
  enum State {
    /// In the backlog.
    case planned
    /// In the outbox, at the broker, or with a worker.
    case queued
    case done
    case dead
  }

  var state = State.planned
  /// Jobs made for it so far.
  var attempts = 0
  /// The attempts that are known to have failed.
  var failedAttempts: Set<Int> = []
  /// When it may be queued again.
  var notBefore = Duration.zero
  var publishedAt: Duration?
  var accepted: AcceptedTile?
}

struct AcceptedTile {
  var probabilities: Digest
  var inferSeconds: Double
  /// All that a slot spent on it.
  var seconds: Double
  var engine: String
}

/// A message that waits to be published.
struct OutboxEntry {
  var message: OutboxMessage
  var pass: PassID
  var tile: Int
  var claimedUntil: Duration?
}

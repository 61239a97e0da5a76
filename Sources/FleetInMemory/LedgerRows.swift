internal import Digests
internal import FleetContracts
internal import Foundation

/// A run, in the making or over.
struct Run {
  /// What was submitted, for comparing submissions with one key.
  let content: Digest
  /// Without the counts of tiles.
  var record: RunRecord
  /// Until when the run is somebody's; `nil` when it is nobody's.
  var leaseEnd: Duration?
  /// Planned so far, in order; the last one is in work.
  var passes: [PassID] = []
  private(set) var history: [RunMoment]
  /// The root of its evidence, once it is completed.
  var root: Digest?
  /// Whether its intermediate blobs may be gone.
  var isTrimmed = false
  private var lifecycle: RunLifecycle

  init(content: Digest, record: RunRecord) {
    self.content = content
    self.record = record
    lifecycle = RunLifecycle(passes: record.passes.count)
    history = [RunMoment(state: record.state, epoch: 0, owner: nil, at: record.submittedAt)]
  }

  var epoch: Int { lifecycle.epoch }

  /// The only way to another state or another holder.
  /// - Parameters:
  ///   - epoch: the caller's claim, for what only the holder may do.
  ///   - owner: who claims the run, with a lease until `leaseEnd`.
  /// - Throws: `IllegalTransition`.
  mutating func take(
    _ event: RunEvent, epoch: Int? = nil, leaseIsOver: Bool = false, owner: String? = nil, leaseEnd: Duration? = nil
  ) throws(IllegalTransition) {
    try lifecycle.take(event, epoch: epoch, leaseIsOver: leaseIsOver)
    record.state = lifecycle.state
    self.leaseEnd = leaseEnd
    history.append(RunMoment(state: lifecycle.state, epoch: lifecycle.epoch, owner: owner, at: Date()))
  }

  /// Whether the step would be taken.
  func allows(_ event: RunEvent, epoch: Int? = nil, leaseIsOver: Bool = false) -> Bool {
    lifecycle.transition(on: event, epoch: epoch, leaseIsOver: leaseIsOver) != nil
  }

  /// When it should be done.
  var due: Date { record.runClass.due(deadline: record.deadline, submittedAt: record.submittedAt) }
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
  /// Changed by `TileState.take` only.
  var state = TileState.planned
  /// Jobs made for it so far.
  var attempts = 0
  /// What is known of attempts that failed, by their numbers.
  var failures: [Int: NotedFailure] = [:]
  /// When it may be queued again.
  var notBefore = Duration.zero
  var publishedAt: Duration?
  var accepted: AcceptedTile?
  /// Whether its result is taken only when two workers agree in it.
  var isCanary = false
  /// Whether it was dispatched a second time, as it took too long.
  var isHedged = false
  var votes: [TileVote] = []
}

/// A result of a tile in which workers must agree.
struct TileVote {
  var result: TileResult
  var at: Duration
}

struct RejectedTile: Hashable {
  var pass: PassID
  var tile: Int
}

struct KeptQuarantine {
  var quarantine: Quarantine
  var announcedAt: Duration?

  var isInForce: Bool { quarantine.releasedAt == nil }
}

/// An attempt that failed.
struct NotedFailure {
  var kind: FailureKind
  var reason: String
  /// Whether an operator has replayed the pass since.
  var isForgiven = false
  /// Whether it is an accepted result that turned out to be damaged.
  var isRejection = false
}

struct AcceptedTile {
  var probabilities: Digest
  var result: TileResult

  var inferSeconds: Double { result.timings.infer }
  /// All that a slot spent on it.
  var seconds: Double { result.timings.total }
  var engine: String { result.engine }
  var worker: String { result.worker }
}

/// A message that waits to be published.
struct OutboxEntry {
  var message: OutboxMessage
  var pass: PassID
  var tile: Int
  var claimedUntil: Duration?
}

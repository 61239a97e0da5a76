internal import FleetContracts
internal import Glibc
internal import Synchronization
internal import Volumes

/// A named moment in the order of steps at which a fleet under test can be made to fail: for `tessera chaos` only.
///
/// Passing a point does nothing, and costs one relaxed load, unless the process was started with `TESSERA_FAULT`.
///
/// ```swift
/// let digest = try await store.put(blob)
/// try await FaultPoint.workerStored.passed(tile: job.tile)
/// ```
public enum FaultPoint: String, Sendable, CaseIterable {
  /// The submission is in the ledger, its caller doesn't know.
  case submitCommitted = "submit.committed"
  /// A dispatcher has claimed a run.
  case dispatcherClaimed = "dispatcher.claimed"
  /// Volume and pass document are in the store, the tiles not in the ledger.
  case dispatcherPrepared = "dispatcher.prepared"
  /// Messages of the outbox are claimed, none is published.
  case relayClaimed = "relay.claimed"
  /// A message is confirmed by the broker, the ledger doesn't know.
  case relayPublished = "relay.published"
  /// A job was delivered.
  case workerReceived = "worker.received"
  /// Document, volume and network are in memory.
  case workerFetched = "worker.fetched"
  /// The probabilities are in memory; `corrupt` and `nan` change them.
  case workerComputed = "worker.computed"
  /// The probabilities are in the store.
  case workerStored = "worker.stored"
  /// The result is confirmed by the broker, the job not acknowledged.
  case workerPublished = "worker.published"
  /// The job is acknowledged.
  case workerAcknowledged = "worker.acknowledged"
  /// A result was delivered.
  case aggregatorReceived = "aggregator.received"
  /// The result is in the ledger, its message not acknowledged.
  case aggregatorCommitted = "aggregator.committed"
  /// An aggregator has claimed a run whose tiles are all in.
  case stitcherClaimed = "stitcher.claimed"
  /// The label map is in memory.
  case stitcherStitched = "stitcher.stitched"
  /// The label map is in the store, the run not completed.
  case stitcherWritten = "stitcher.written"

  private static let isArmed = Atomic(false)
  private static let plan = Mutex<FaultPlan?>(nil)

  /// Makes this process fail as `plan` says, from now on.
  public static func arm(_ plan: FaultPlan) {
    self.plan.withLock { $0 = plan }
    isArmed.store(true, ordering: .releasing)
  }

  /// The worker that this process computes for; 0 for a process of its own.
  private static let parent = Atomic<Int32>(0)

  /// What strikes this process, strikes its parent first: they are one worker.
  public static func alsoStrikesParent() { parent.store(getppid(), ordering: .relaxed) }

  static func strike(_ signal: Int32) {
    let parent = parent.load(ordering: .relaxed)
    if parent > 1 { Glibc.kill(parent, signal) }
    Glibc.kill(getpid(), signal)
  }

  /// To be called where the moment is.
  /// - Parameter tile: the tile in hand, for faults that wait for a certain one.
  /// - Throws: what the plan says, `CancellationError` while it delays.
  public func passed(tile: Int? = nil) async throws {
    guard Self.isArmed.load(ordering: .relaxed) else { return }
    try await Self.next(self, tile: tile)?.perform(on: nil)
  }

  /// The same, with values that the plan may damage.
  func passed(tile: Int, with values: ChannelVolume) async throws {
    guard Self.isArmed.load(ordering: .relaxed) else { return }
    try await Self.next(self, tile: tile)?.perform(on: values)
  }

  private static func next(_ point: FaultPoint, tile: Int?) -> FaultAction? {
    plan.withLock { $0?.action(at: point, tile: tile) }
  }
}

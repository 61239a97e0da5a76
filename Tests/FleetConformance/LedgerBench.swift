internal import Digests
public import FleetContracts
internal import Synchronization
internal import Testing

/// Connections to the ledger under test, its clock, and the steps that most laws begin with.
public final class LedgerBench: Sendable {
  private let connect: @Sendable () async throws -> any Ledger
  private let move: @Sendable (Duration) async throws -> Void
  private let look: @Sendable () async throws -> [String]
  private let connections = Mutex<[any Ledger]>([])

  /// - Parameters:
  ///   - connect: A connection to one and the same ledger, as another process would make it.
  ///   - advance: Lets time pass for the ledger: leases, pauses and ages.
  ///   - violations: The broken promises that the ledger itself can see.
  public init(
    connect: @escaping @Sendable () async throws -> any Ledger,
    advance: @escaping @Sendable (Duration) async throws -> Void,
    violations: @escaping @Sendable () async throws -> [String] = { [] }
  ) {
    self.connect = connect
    move = advance
    look = violations
  }

  func ledger() async throws -> any Ledger {
    let ledger = try await connect()
    connections.withLock { $0.append(ledger) }
    return ledger
  }

  func violations() async throws -> [String] { try await look() }

  func advance(by duration: Duration) async throws { try await move(duration) }

  func closeAll() async {
    for ledger in connections.withLock({ $0 }) { await ledger.close() }
  }

  // MARK: Material

  static let lease = Duration.seconds(30)
  static let model = ModelRecord(
    name: "tissue", digest: digest("model"), configuration: "3d_fullres", trainer: "nnUNetTrainerV2", channels: 1,
    labels: [LabelName(label: 1, name: "grey"), LabelName(label: 2, name: "white \"matter\", {left}")])

  static func digest(_ name: String) -> Digest { Digest(of: name.utf8) }

  static func submission(_ name: String = "image", key: String? = nil) -> Submission {
    Submission(
      images: [digest(name)], passes: [PassRequest(model: model.digest, folds: ["fold_0"])], options: RunOptions(),
      key: key)
  }

  static let outcome = RunOutcome(
    labelMap: digest("label map"), labelVoxels: digest("label voxels"), probabilities: digest("npz"),
    properties: digest("pkl"),
    labels: [
      LabelMeasurement(label: 1, name: "grey", voxels: 1_234_567_890_123, volume: 0.1),
      LabelMeasurement(label: 2, name: "white \"matter\", {left}", voxels: 0, volume: 0),
    ],
    timings: [
      StepTiming(step: "read", seconds: 0.125), StepTiming(step: "preprocess", seconds: 1.1),
      StepTiming(step: "export", seconds: 3e-7),
    ], engine: "blas/avx512", softwareVersion: "0.1.0")

  // MARK: Steps

  /// A run in state `submitted`.
  func submitted(_ ledger: any Ledger, _ name: String = "image", key: String? = nil) async throws -> RunID {
    try await ledger.register(Self.model)
    return try await ledger.submit(Self.submission(name, key: key)).run
  }

  /// A run in state `submitted` that `change` makes special.
  func submitted(_ ledger: any Ledger, _ change: (inout Submission) throws -> Void) async throws -> RunID {
    try await ledger.register(Self.model)
    var submission = Self.submission()
    try change(&submission)
    return try await ledger.submit(submission).run
  }

  /// A run in state `predicting`.
  func planned(
    _ ledger: any Ledger, tiles: Int, _ name: String = "image", operations: Double = 0,
    canaryShare: Double = 0, _ change: (inout Submission) throws -> Void = { _ in }
  ) async throws -> Planned {
    try await ledger.register(Self.model)
    var submission = Self.submission(name)
    try change(&submission)
    _ = try await ledger.submit(submission)
    let claim = try #require(try await ledger.claimSubmittedRun(owner: "dispatcher", lease: Self.lease))
    let plan = PassPlan(
      document: Self.digest("document"), tiles: tiles, tileOperations: operations,
      timings: [StepTiming(step: "read", seconds: 0.125), StepTiming(step: "preprocess", seconds: 1.1)],
      canaryShare: canaryShare)
    try await ledger.plan(plan, of: claim)
    return Planned(claim: claim, plan: plan)
  }

  struct Planned {
    var claim: RunClaim
    var plan: PassPlan
    var run: RunID { claim.run.id }

    func job(_ tile: Int, attempt: Int = 1) -> TileJob {
      TileJob(
        run: run, pass: plan.id, epoch: claim.epoch, tile: tile, attempt: attempt, document: plan.document)
    }

    func computed(
      _ tile: Int, attempt: Int = 1, _ content: String? = nil, engine: String = "blas/avx512"
    ) -> TileResult {
      TileResult(
        job: job(tile, attempt: attempt),
        outcome: .computed(probabilities: digest(content ?? "tile \(tile)"), bytes: 4096), worker: "host-1",
        engine: engine, timings: TileTimings(fetch: 0.5, infer: 1.25, put: 0.25))
    }

    func failed(_ tile: Int, attempt: Int = 1, _ kind: FailureKind = .transient) -> TileResult {
      TileResult(
        job: job(tile, attempt: attempt), outcome: .failed(kind: kind, reason: "The store was away."),
        worker: "host-1", engine: "blas/avx512")
    }
  }

  /// Tile jobs that are enqueued now, published and taken out of the outbox.
  func dispatch(_ ledger: any Ledger, window: Int = 1000) async throws -> [TileJob] {
    _ = try await ledger.enqueueTiles(window: window)
    let messages = try await ledger.claimOutbox(limit: 1000, lease: Self.lease)
    try await ledger.markPublished(messages)
    return try messages.map { try $0.message.tileJob() }
  }

  /// A run in state `stitching`, all results in.
  func predicted(_ ledger: any Ledger, tiles: Int, _ name: String = "image") async throws -> Planned {
    let planned = try await planned(ledger, tiles: tiles, name)
    _ = try await dispatch(ledger)
    for tile in 0..<tiles { _ = try await ledger.record(planned.computed(tile)) }
    return planned
  }

  func state(_ ledger: any Ledger, _ run: RunID) async throws -> RunState? { try await ledger.run(run)?.state }

  func expectFenced(
    _ run: RunID, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
  ) async {
    await #expect(throws: LedgerError.fenced(run), sourceLocation: sourceLocation) { try await body() }
  }
}

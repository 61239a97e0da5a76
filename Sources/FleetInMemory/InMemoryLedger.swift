internal import Digests
public import FleetContracts
internal import Foundation

/// The ledger of one process: the same promises as the real one, except that it goes with the process.
public actor InMemoryLedger: Ledger {
  var modelsByDigest: [Digest: ModelRecord] = [:]
  /// Newest registration last.
  var modelNames: [(name: String, digest: Digest)] = []
  var runs = RunTable()
  /// In the order of submission.
  var order: [RunID] = []
  var runsByKey: [RunKey: RunID] = [:]
  var passes: [PassID: Pass] = [:]
  /// Accepted tiles by the minute since 1970.
  var acceptedByMinute: [Int: Int] = [:]
  var outbox: [OutboxEntry] = []
  var shares = DispatchShares()
  /// When tiles were moved into the outbox last.
  var lastMove: Duration?
  var pausedScopes: [Pause] = []
  var lastOutboxID: Int64 = 0
  var knownWorkers: [String: KnownWorker] = [:]
  /// In the order of their coming.
  var deadLetters: [DeadLetter] = []
  var quarantines: [KeptQuarantine] = []
  var details: [RunID: [LabelDetails]] = [:]
  var keptComparisons: [RunComparison] = []
  /// Tiles of each worker that were rejected since its last release.
  var rejections: [String: Set<RejectedTile>] = [:]
  /// In their order; those of the last changes may not be here yet (`writeEvents`).
  var events: [KeptEvent] = []
  var webhooks: [KeptWebhook] = []
  var webhookDeliveries: [KeptDelivery] = []
  var tokens: [AccessToken] = []
  /// In the order of submission.
  var trainings: [KeptTraining] = []
  private let clock: @Sendable () -> Duration

  /// - Parameter clock: Time since any fixed moment; leases, pauses and ages are measured by it.
  public init(clock: @escaping @Sendable () -> Duration = InMemoryLedger.steadyTime) {
    self.clock = clock
  }

  /// Time since the first call, unmoved by changes of the system's clock.
  public static let steadyTime: @Sendable () -> Duration = {
    let start = ContinuousClock.now
    return { ContinuousClock.now - start }
  }()

  var now: Duration { clock() }

  public func close() async {}

  // MARK: Models

  public func register(_ model: ModelRecord) async throws { add(model) }

  func add(_ model: ModelRecord) {
    if modelsByDigest[model.digest] == nil { modelsByDigest[model.digest] = model }
    if let previous = model.previous { modelsByDigest[model.digest]?.previous = previous }
    if modelNames.contains(where: { $0.name == model.name && $0.digest == model.digest }) { return }
    modelNames.removeAll { $0.name == model.name }
    modelNames.append((model.name, model.digest))
  }

  public func model(named name: String) async throws -> ModelRecord? {
    modelNames.first { $0.name == name }.flatMap { record(of: $0.digest, named: $0.name) }
  }

  public func models() async throws -> [ModelRecord] {
    modelNames.sorted { $0.name < $1.name }.compactMap { record(of: $0.digest, named: $0.name) }
  }

  public func forget(modelNamed name: String) async throws { modelNames.removeAll { $0.name == name } }

  private func record(of digest: Digest, named name: String) -> ModelRecord? {
    var record = modelsByDigest[digest]
    record?.name = name
    return record
  }

  // MARK: Submitting and looking

  public func submit(_ submission: Submission) async throws -> SubmissionReceipt {
    let content = try submission.contentDigest
    let key = submission.key.map { RunKey(tenant: submission.tenant, key: $0) }
    if let key, let id = runsByKey[key], let run = runs[id] {
      guard run.content == content else { throw LedgerError.keyConflict(key: key.key, run: id) }
      return SubmissionReceipt(run: id, isNew: false)
    }
    let last = try PassRequest.check(submission.passes)
    for pass in submission.passes where modelsByDigest[pass.model] == nil {
      throw LedgerError.unknownModel(pass.model.hexadecimal)
    }
    guard var model = modelsByDigest[last.model] else { throw LedgerError.unknownModel(last.model.hexadecimal) }
    model.name = submission.passes.filter(\.isMember).compactMap { name(of: $0.model) }.joined(separator: " + ")
    let id = RunID()
    runs[id] = Run(
      content: content,
      record: RunRecord(
        id: id, model: model, passes: submission.passes.map { PassRecord(request: $0) }, images: submission.images,
        options: submission.options, key: submission.key,
        state: .submitted, submittedAt: Date(), runClass: submission.runClass, tenant: submission.tenant,
        deadline: submission.deadline, trace: submission.trace))
    order.append(id)
    if let key { runsByKey[key] = id }
    return SubmissionReceipt(run: id, isNew: true)
  }

  /// The name that the model bears now; one whose name has moved on keeps its first.
  func name(of model: Digest) -> String? {
    modelNames.last { $0.digest == model }?.name ?? modelsByDigest[model]?.name
  }

  public func run(_ id: RunID) async throws -> RunRecord? { runs[id].map(record) }

  public func runs(limit: Int) async throws -> [RunRecord] {
    order.reversed().prefix(max(0, limit)).compactMap { runs[$0].map(record) }
  }

  public func history(of run: RunID) async throws -> [RunMoment] { runs[run]?.history ?? [] }

  /// The run with its tiles counted.
  func record(_ run: Run) -> RunRecord {
    var record = run.record
    for tiles in run.passes.compactMap({ passes[$0]?.tiles }) {
      record.plannedTiles += tiles.count
      record.acceptedTiles += tiles.count { $0.accepted != nil }
      record.deadTiles += tiles.count { $0.state == .dead }
    }
    return record
  }
}

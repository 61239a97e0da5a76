internal import Digests
internal import Fleet
internal import FleetContracts
internal import FleetInMemory
internal import Foundation
internal import Logging
internal import ModelStore
internal import ServiceLifecycle
internal import Synchronization
internal import UNet
internal import WeightsCache

/// A whole fleet in this process, without a server: the same dispatcher, worker and aggregator on queue, ledger and store in memory.
///
/// One worker slot with all threads: preparing, predicting and stitching follow each other, so they don't compete for processors.
struct LocalFleet {
  /// Tiles beyond this many bytes wait in a temporary file.
  private static let storeBudget = 8 << 20
  /// A look takes time from the threads that compute, so there are few of them while a pass takes long.
  private static let pollInterval = Duration.milliseconds(20)
  private static let shortestPause = Duration.milliseconds(2)

  /// The models whose probabilities are averaged.
  let members: [PassRequest.Member]
  /// All models, a cascade's first stage among them.
  let records: [ModelRecord]
  private let models: ModelLibrary
  private let weights: WeightsShelf
  private let threads: Int
  private var memory: MemoryBudget
  private let engines = ChosenEngines()
  private let logger: Logger

  /// Opens the models.
  /// - Parameters:
  ///   - predictsFirstStages: whether a cascade's first stage is to be predicted here; else its label maps are given.
  ///   - weights: where transformed weights are kept; nowhere when `nil`.
  ///   - memory: what the process may use, and what it is to compute with.
  /// - Throws: errors of `ModelStore` when a folder holds no usable model; `NetworkExecutionError` for one that the engine can't run.
  init(
    _ chosen: [LocalModel], predictsFirstStages: Bool, threads: Int, weights: WeightsCache?, memory: MemoryBudget,
    logger: Logger
  ) async throws {
    self.memory = memory
    self.memory.storeBudget = Self.storeBudget
    models = ModelLibrary()
    self.weights = WeightsShelf(cache: weights, logger: logger)
    self.threads = threads
    self.logger = logger
    var members: [PassRequest.Member] = []
    var records: [ModelRecord] = []
    for model in chosen {
      var (record, folds) = try await models.adopt(
        folder: model.folder, selection: model.folds, checkpoint: model.checkpoint, treatedAs: model.treatedAs)
      if record.needsPrevious, predictsFirstStages {
        // As in nnU-Net: the same folds, of its default checkpoint.
        let stage = try await models.adopt(
          folder: try model.firstStage(), selection: .named(folds.map { FoldName($0) }),
          checkpoint: TrainedModel.defaultCheckpoint
        ).record
        record.previous = stage.digest
        records.append(stage)
      }
      records.append(record)
      members.append(PassRequest.Member(model: record, folds: folds, weight: model.weight))
    }
    for record in records {
      _ = try NetworkEngine.candidates(memory.engine, description: try await models.model(record.digest).network)
    }
    self.members = members
    self.records = records
    _ = try PassRequest.passes(of: members, lowResolution: predictsFirstStages ? nil : Digest(of: []))
  }

  /// Image channels that a case must bring.
  var channels: Int { records[0].channels }

  /// What computes a model, once its first tile has been begun.
  func engine(of model: Digest) -> ChosenEngine? { engines[model] }

  /// Segments one case.
  /// - Parameters:
  ///   - images: one file for each channel.
  ///   - lowResolution: the label map that a cascade refines, where it isn't to be predicted.
  ///   - rules: a `postprocessing.json` that takes the place of the model's.
  ///   - show: called while it works.
  ///   - finish: gets the finished run and the store with its blobs; what it doesn't keep is gone afterwards.
  /// - Throws: `RunFailure` with the reason, when the case can't be segmented.
  func segment<Result: Sendable>(
    _ images: [URL], lowResolution: URL? = nil, options: RunOptions, rules: Blob? = nil, show: (RunRecord) -> Void,
    finish: (RunRecord, RunOutcome, any BlobStore) async throws -> Result
  ) async throws -> Result {
    let store = InMemoryBlobStore(budget: Self.storeBudget)
    let ledger = InMemoryLedger()
    let queue = InMemoryJobQueue()
    var digests: [Digest] = []
    for image in images { digests.append(try await store.put(try ImageFile.checked(image))) }
    var previous: Digest?
    if let lowResolution { previous = try await store.put(try ImageFile.checked(lowResolution)) }
    var options = options
    if let rules { options.postprocessing = .rules(try await store.put(rules)) }
    for record in records { try await ledger.register(record) }

    let slot = try SlotPredictor(
      store: store, models: models, weights: weights, threads: threads, memory: memory, engineChosen: engines.add)
    let settings = ServiceSettings(
      owner: "local", pollInterval: Self.pollInterval, shortestPause: Self.shortestPause, keepsAhead: true)
    let services: [any Service] = [
      DispatcherService(
        ledger: ledger, queue: queue,
        preparer: try CasePreparer(store: store, models: models, threads: threads, memory: memory),
        settings: settings, logger: logger),
      WorkerService(queue: queue, slots: [slot], name: "local", logger: logger),
      AggregatorService(
        ledger: ledger, queue: queue,
        stitcher: ReleasingStitcher(
          stitcher: try CaseStitcher(
            store: store, models: models, threads: threads, softwareVersion: SoftwareVersion.current,
            removesTiles: true, memory: memory), slot: slot),
        settings: settings, logger: logger),
    ]
    let submission = Submission(
      images: digests, passes: try PassRequest.passes(of: members, lowResolution: previous), options: options)
    let group = ServiceGroup(configuration: .init(services: services, logger: logger))
    return try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      let receipt = try await ledger.submit(submission)
      let run = try await RunWatcher(ledger: ledger, interval: .milliseconds(20)).end(of: receipt.run, show: show)
      await group.triggerGracefulShutdown()
      try await tasks.waitForAll()
      await queue.close()
      await weights.settle()
      guard var outcome = run.outcome else {
        throw run.failure ?? RunFailure(kind: .transient, reason: "The run ended without a result.")
      }
      outcome.details = try await ledger.labelDetails(of: run.id)
      return try await finish(run, outcome, store)
    }
  }
}

/// Frees the worker slot's network and volume before tiles are stitched, when all tiles of the pass have been predicted: so they aren't
/// held beside what stitching and then preparing another pass take.
private struct ReleasingStitcher: RunStitching {
  let stitcher: CaseStitcher
  let slot: SlotPredictor

  func stitch(_ work: StitchClaim) async throws -> StitchOutcome {
    await slot.release()
    return try await stitcher.stitch(work)
  }
}

/// The engines that the slot has chosen, by model.
private final class ChosenEngines: Sendable {
  private let engines = Mutex<[Digest: ChosenEngine]>([:])

  @Sendable func add(_ engine: ChosenEngine) { engines.withLock { $0[engine.model] = engine } }

  subscript(_ model: Digest) -> ChosenEngine? { engines.withLock { $0[model] } }
}

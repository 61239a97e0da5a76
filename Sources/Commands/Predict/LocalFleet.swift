internal import Digests
internal import Fleet
internal import FleetContracts
internal import FleetInMemory
internal import Foundation
internal import Logging
internal import ModelStore
internal import ServiceLifecycle

/// A whole fleet in this process, without a server: the same dispatcher, worker and aggregator on queue, ledger and store in memory.
///
/// One worker slot with all threads: preparing, predicting and stitching follow each other, so they don't compete for processors.
struct LocalFleet {
  /// Tiles beyond this many bytes wait in a temporary file.
  private static let storeBudget = 32 << 20
  private static let pollInterval = Duration.milliseconds(5)

  let model: ModelRecord
  let folds: [String]
  private let models: ModelLibrary
  private let threads: Int
  private let logger: Logger

  /// Opens the model.
  /// - Throws: errors of `ModelStore` when the folder holds no usable model.
  init(modelFolder: URL, selection: FoldSelection, checkpoint: String, threads: Int, logger: Logger) async throws {
    models = ModelLibrary()
    let adopted = try await models.adopt(folder: modelFolder, selection: selection, checkpoint: checkpoint)
    model = adopted.record
    folds = adopted.folds
    self.threads = threads
    self.logger = logger
  }

  /// Segments one case.
  /// - Parameters:
  ///   - images: one file for each channel.
  ///   - show: called while it works.
  ///   - finish: gets the finished run and the store with its blobs; what it doesn't keep is gone afterwards.
  /// - Throws: `RunFailure` with the reason, when the case can't be segmented.
  func segment<Result: Sendable>(
    _ images: [URL], options: RunOptions, show: (RunRecord) -> Void,
    finish: (RunRecord, RunOutcome, any BlobStore) async throws -> Result
  ) async throws -> Result {
    let store = InMemoryBlobStore(budget: Self.storeBudget)
    let ledger = InMemoryLedger()
    let queue = InMemoryJobQueue()
    var digests: [Digest] = []
    for image in images { digests.append(try await store.put(try ImageFile.checked(image))) }
    try await ledger.register(model)

    let settings = ServiceSettings(owner: "local", pollInterval: Self.pollInterval)
    let services: [any Service] = [
      DispatcherService(
        ledger: ledger, queue: queue, preparer: try CasePreparer(store: store, models: models, threads: threads),
        settings: settings, logger: logger),
      WorkerService(
        queue: queue, slots: [try SlotPredictor(store: store, models: models, threads: threads)], name: "local",
        logger: logger),
      AggregatorService(
        ledger: ledger, queue: queue,
        stitcher: try CaseStitcher(
          store: store, models: models, threads: threads, softwareVersion: SoftwareVersion.current,
          removesTiles: true),
        settings: settings, logger: logger),
    ]
    let group = ServiceGroup(configuration: .init(services: services, logger: logger))
    return try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      let receipt = try await ledger.submit(Submission(images: digests, model: model.digest, options: options))
      let run = try await RunWatcher(ledger: ledger, interval: .milliseconds(20)).end(of: receipt.run, show: show)
      await group.triggerGracefulShutdown()
      try await tasks.waitForAll()
      await queue.close()
      guard let outcome = run.outcome else {
        throw run.failure ?? RunFailure(kind: .transient, reason: "The run ended without a result.")
      }
      return try await finish(run, outcome, store)
    }
  }
}

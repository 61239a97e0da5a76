internal import Digests
internal import FleetContracts
internal import FleetMetrics
internal import Foundation
internal import Logging
internal import ModelStore
internal import Synchronization
internal import Threads

/// One attempt at a job of a training: fetches what it needs, trains or chooses on a thread of its own, and stores what comes of it.
struct TrainerRun: Sendable {
  let job: TrainingJob
  let store: any BlobStore
  let performer: any TrainingPerforming
  let cache: URL
  let reporter: TrainingReporter
  let stop: TrainerStop
  let logger: Logger

  /// What is left to report; `nil` when nobody wants to hear of it any more.
  func outcome() async -> TrainingReport.News? {
    do {
      let document = try await TrainingDocument.get(job.document, from: store)
      let scratch = try ScratchFolder()
      let results = scratch.url.appending(path: "results")
      switch document.work {
      case .fold(let configuration, let fold):
        let work = try await prepare(document, configuration, fold, results)
        let epochs = EpochCount(document.checkpointEpochs)
        do {
          try await train(work, document, epochs)
        } catch is CancellationError {
          return await handBack(work, epochs: epochs.value)
        }
        return .done(result: try await put(work))
      case .selection: return .done(result: try await select(document, results))
      }
    } catch {
      if stop.isFenced { return nil }
      guard !stop.shouldStop || !(error is CancellationError) else {
        return .returned(checkpoint: nil, epochs: nil)
      }
      let failure = RunFailure(error)
      logger.error("training job failed", metadata: ["reason": "\(failure.reason)"])
      return .failed(kind: failure.kind, reason: failure.reason)
    }
  }

  // MARK: A fold

  private func prepare(
    _ document: TrainingDocument, _ configuration: String, _ fold: Int, _ results: URL
  ) async throws -> FoldWork {
    let spec = document.spec
    let preprocessed = try await FolderManifest.cached(
      spec.data, in: cache.appending(path: "tasks"), from: store)
    for input in document.inputs {
      try await FolderManifest.get(input.result, from: store).write(into: results, from: store)
    }
    if let checkpoint = document.checkpoint {
      try await FolderManifest.get(checkpoint, from: store).write(into: results, from: store)
      logger.info("going on from a checkpoint", metadata: ["epochs": "\(document.checkpointEpochs)"])
    }
    return FoldWork(
      spec: spec, configuration: configuration, fold: fold, preprocessed: preprocessed, results: results)
  }

  private func train(_ work: FoldWork, _ document: TrainingDocument, _ epochs: EpochCount) async throws {
    let thread = try BlockingThread(name: "trainer")
    defer { Task { await thread.close() } }
    let (performer, reporter, stop, logger) = (performer, reporter, stop, logger)
    try await thread.run {
      try performer.train(work) { epoch in
        // What another has reported already, or the one before: only new epochs count.
        guard epoch.epoch >= document.checkpointEpochs else { return }
        epochs.value = epoch.epoch + 1
        FleetMetrics.trainingEpochs.increment(work.configuration)
        FleetMetrics.trainingEpochSeconds.observe(epoch.seconds, work.configuration)
        var checkpoint: Digest?
        let isDue = (epoch.epoch + 1).isMultiple(of: work.spec.checkpointEvery) || epoch.epoch + 1 == work.spec.epochs
        if isDue, !stop.isFenced {
          do {
            checkpoint = try Awaited { try await put(work) }.value()
          } catch {
            // The training goes on; there will be another checkpoint.
            logger.warning("checkpoint not stored", metadata: ["epoch": "\(epoch.epoch)", "error": "\(error)"])
          }
        }
        reporter.add(.epoch(epoch, checkpoint: checkpoint))
        logger.info("epoch trained", metadata: ["epoch": "\(epoch.epoch)", "checkpoint": "\(checkpoint != nil)"])
      } shouldStop: {
        stop.shouldStop
      }
    }
  }

  private func handBack(_ work: FoldWork, epochs: Int) async -> TrainingReport.News? {
    guard !stop.isFenced else { return nil }
    logger.notice("training job is handed back")
    // The state as it was saved: whoever goes on may begin in the middle of an epoch. Without it the last checkpoint stands.
    let checkpoint = try? await put(work)
    return .returned(checkpoint: checkpoint, epochs: checkpoint == nil ? nil : epochs)
  }

  /// Stores the configuration's folder: the fold itself, and what it leaves beside itself for others.
  private func put(_ work: FoldWork) async throws -> Digest {
    try await FolderManifest.put(
      work.results, part: "nnUNet/\(work.configuration)/\(work.spec.task)", into: store
    ) { !$0.hasSuffix(".part") }
  }

  // MARK: The choice

  /// - Returns: the choice's name in the store.
  private func select(_ document: TrainingDocument, _ results: URL) async throws -> Digest {
    for input in document.inputs {
      try await FolderManifest.get(input.result, from: store).write(into: results, from: store)
    }
    let thread = try BlockingThread(name: "trainer")
    defer { Task { await thread.close() } }
    let (performer, spec) = (performer, document.spec)
    let selection = try await thread.run { try performer.select(spec, results: results) }
    var models: [ModelRecord] = []
    for winner in selection.winners {
      let isAlone = selection.winners.count == 1
      let name = isAlone ? spec.model : "\(spec.model)/\(winner.configuration)"
      var record = try await ModelLibrary.publish(
        folder: winner.folder, selection: .automatic, checkpoint: TrainedModel.defaultCheckpoint, name: name, to: store)
      if record.needsPrevious {
        let first = try await ModelLibrary.publish(
          folder: try ModelLocation.firstStage(of: winner.folder, trainer: spec.trainer), selection: .automatic,
          checkpoint: TrainedModel.defaultCheckpoint, name: "\(spec.model)/\(TrainingSpec.lowResolution)", to: store)
        if !models.contains(where: { $0.name == first.name }) { models.append(first) }
        record.previous = first.digest
      }
      models.removeAll { $0.name == record.name }
      models.append(record)
    }
    let choice = TrainingChoice(best: selection.best, candidates: selection.candidates, models: models)
    logger.info("best configuration found", metadata: ["best": "\(choice.best)"])
    return try await store.put(try choice.encoded())
  }
}

/// Epochs that are trained, counted on the training's thread.
private final class EpochCount: Sendable {
  private let count: Mutex<Int>

  init(_ count: Int) { self.count = Mutex(count) }

  var value: Int {
    get { count.withLock { $0 } }
    set { count.withLock { $0 = newValue } }
  }
}

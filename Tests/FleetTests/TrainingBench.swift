import BlobStores
import Digests
import FleetContracts
import FleetInMemory
import Foundation
import Testing
import Testkit

@testable import Fleet

/// A ledger and a store, and the steps that trainings take before something happens to them.
struct TrainingBench {
  let ledger = InMemoryLedger()
  let store: FileBlobStore
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    store = try FileBlobStore(root: folder.url.appending(path: "store").path)
  }

  /// A folder of files with these contents, in the store.
  func put(_ files: [String: String]) async throws -> Digest {
    let place = folder.url.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    for (name, content) in files { try Data(content.utf8).write(to: place.appending(path: name)) }
    return try await FolderManifest.put(place, into: store)
  }

  /// The name of a file in the store.
  func file(_ content: String) -> Digest { Digest(of: content.utf8) }

  /// One fold, and the choice; trainings with different seeds share the preprocessed task.
  func submit(seed: Int = 0) async throws -> TrainingID {
    let spec = TrainingSpec(
      task: "Task501_X", configurations: ["2d"], folds: [0], foldsOfSplit: 2, data: try await put(["cases": "cases"]),
      model: "tissue", seed: seed)
    return try await ledger.submit(spec, key: nil, tenant: .default).training
  }

  /// Jobs that are ready, handed out to a trainer.
  func handOut() async throws -> [DueTrainingJob] {
    let due = try await ledger.claimTrainingJobs(idle: 100, lease: .seconds(60), claim: .seconds(60))
    try await ledger.markPublished(due)
    return due
  }

  func report(_ job: DueTrainingJob, _ news: TrainingReport.News) -> TrainingReport {
    TrainingReport(
      training: job.training, job: job.job.position, attempt: job.job.attempt, worker: "host-1", news: news)
  }

  /// An epoch of a job is over, and its checkpoint is kept.
  func train(_ job: DueTrainingJob, epoch: Int, checkpoint: Digest) async throws {
    let news = TrainingReport.News.epoch(
      TrainingEpoch(
        epoch: epoch, trainingLoss: -0.5, validationLoss: nil, dice: nil, learningRate: 0.01, seconds: 1),
      checkpoint: checkpoint)
    #expect(try await ledger.record(report(job, news)) == .accepted)
  }
}

/// A store in which something happens when a blob is asked for.
struct InterruptedStore: BlobStore {
  let store: any BlobStore
  let then: @Sendable (Digest) async throws -> Void

  func put(_ blob: Blob) async throws -> Digest { try await store.put(blob) }

  func get(_ digest: Digest) async throws -> Blob {
    let blob = try await store.get(digest)
    try await then(digest)
    return blob
  }

  func contains(_ digest: Digest) async throws -> Bool {
    let isThere = try await store.contains(digest)
    try await then(digest)
    return isThere
  }

  func remove(_ digest: Digest) async throws { try await store.remove(digest) }
}

import BlobStores
import Digests
import FleetContracts
import Foundation
import Testing

@testable import Fleet

/// What is removed from the store while something that trainings need isn't there.
@Suite struct TrainingUpkeepTests {
  @Test func aMissingCheckpointKeepsNothingElseFromBeingCleaned() async throws {
    let bench = try TrainingBench()
    let log = RecordedLog()
    let (lost, other) = (try await bench.submit(seed: 1), try await bench.submit(seed: 2))
    let due = try await bench.handOut()
    let gone = try await bench.put(["model_latest": "lost", "plans": "plans"])
    let checkpoints = [
      try await bench.put(["model_latest": "first", "plans": "plans"]),
      try await bench.put(["model_latest": "second", "plans": "plans"]),
    ]
    let orphan = try await bench.store.put(Blob(copying: Array("nobody's".utf8)))
    for job in due where job.training == lost { try await bench.train(job, epoch: 0, checkpoint: gone) }
    for job in due where job.training == other {
      for (epoch, checkpoint) in checkpoints.enumerated() {
        try await bench.train(job, epoch: epoch, checkpoint: checkpoint)
      }
      let news = TrainingReport.News.returned(checkpoint: nil, epochs: nil)
      #expect(try await bench.ledger.record(bench.report(job, news)) == .accepted)
    }
    // It goes on without what it would go on from.
    _ = try await bench.ledger.cancel(lost, by: "alice")
    _ = try await bench.ledger.retry(lost, by: "bob")
    try await bench.store.remove(gone)

    let sweeper = CheckpointSweeper(ledger: bench.ledger, store: bench.store, grace: .zero, logger: log.logger)
    _ = try await sweeper.sweep()
    for digest in [checkpoints[0], bench.file("first")] { #expect(try await !bench.store.contains(digest)) }
    #expect(try await bench.ledger.supersededCheckpoints(olderThan: .zero, limit: 9) == [])
    // What is missing is told once, not with every sweep.
    let last = try await bench.put(["model_latest": "third", "plans": "plans"])
    for job in try await bench.handOut() where job.training == other {
      try await bench.train(job, epoch: 2, checkpoint: last)
    }
    _ = try await sweeper.sweep()
    #expect(try await !bench.store.contains(checkpoints[1]))
    #expect(log.warnings.count == 1 && log.count("replaced checkpoints removed") == 2)

    let report = try await StoreCleaner(ledger: bench.ledger, store: bench.store).clean(
      keepingTiles: nil, grace: .zero, deletes: true, by: "test")
    #expect(report.missingFolders == [gone] && report.removed == report.unneeded)
    #expect(try await !bench.store.contains(orphan))
    let data = try #require(try await bench.ledger.training(other)).spec.data
    let needed = [data, last] + ["cases", "third", "plans"].map(bench.file)
    for digest in needed { #expect(try await bench.store.contains(digest)) }
    #expect(report.needed.blobs == needed.count && report.stored.blobs == needed.count + report.removed.blobs)
  }

  @Test func aStoreThatHasNothingOfWhatIsNeededIsLeftAlone() async throws {
    let bench = try TrainingBench()
    _ = try await bench.submit()
    let others = try FileBlobStore(root: bench.folder.url.appending(path: "others").path)
    let blob = try await others.put(Blob(copying: Array("another fleet's".utf8)))
    await #expect(throws: BlobStoreError.self) {
      try await StoreCleaner(ledger: bench.ledger, store: others).clean(
        keepingTiles: nil, grace: .zero, deletes: true, by: "test")
    }
    #expect(try await others.contains(blob))
  }

  @Test func aMissingModelStopsTheCleaner() async throws {
    let bench = try TrainingBench()
    _ = try await bench.submit()
    let model = Digest(of: "no manifest".utf8)
    try await bench.ledger.register(
      ModelRecord(
        name: "tissue", digest: model, configuration: "2d", trainer: "nnUNetTrainerV2", channels: 1, labels: []))
    let orphan = try await bench.store.put(Blob(copying: Array("nobody's".utf8)))
    await #expect(throws: BlobStoreError.missing(model)) {
      try await StoreCleaner(ledger: bench.ledger, store: bench.store).clean(
        keepingTiles: nil, grace: .zero, deletes: true, by: "test")
    }
    #expect(try await bench.store.contains(orphan))
  }
}

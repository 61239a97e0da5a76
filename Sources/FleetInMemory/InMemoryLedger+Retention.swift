internal import Digests
public import FleetContracts
internal import Foundation

extension InMemoryLedger {
  public func trimmableRuns(overFor age: Duration) async throws -> [RunID] {
    let limit = Date(timeIntervalSinceNow: -(age / .seconds(1)))
    return runs.values.filter { isTrimmable($0) && ($0.record.finishedAt ?? .distantFuture) < limit }
      .sorted { ($0.record.finishedAt ?? .distantPast) < ($1.record.finishedAt ?? .distantPast) }.map(\.record.id)
  }

  public func trim(_ ids: [RunID], by operator: String) async throws -> [RunID] {
    let trimmed = ids.filter { runs[$0].map(isTrimmable) ?? false }
    for id in trimmed { runs[id]?.isTrimmed = true }
    return trimmed
  }

  private func isTrimmable(_ run: Run) -> Bool {
    run.record.state.isFinal && !run.isTrimmed
      && !deadLetters.contains { $0.state == .open && $0.run == run.record.id }
  }

  public func neededBlobs(imaginingTrimmed imagined: Set<RunID>) async throws -> NeededBlobs {
    var needed = NeededBlobs(
      blobs: Set(modelsByDigest.keys), documents: [], manifests: Set(modelsByDigest.keys), oldestOpenRun: nil)
    for run in runs.values {
      let record = run.record
      if !record.state.isFinal {
        needed.oldestOpenRun = max(
          needed.oldestOpenRun ?? .zero, .seconds(max(0, Date().timeIntervalSince(record.submittedAt))))
      }
      needed.blobs.formUnion(record.images)
      if case .rules(let digest) = record.options.postprocessing { needed.blobs.insert(digest) }
      for pass in record.passes {
        if case .image(let digest) = pass.request.previous { needed.blobs.insert(digest) }
      }
      let results = [record.outcome?.labelMap, record.outcome?.probabilities, record.outcome?.properties]
      needed.blobs.formUnion((results + record.passes.map(\.outcome?.labelMap)).compactMap { $0 })
      let own = run.passes.compactMap { passes[$0] }
      needed.blobs.formUnion(own.map(\.document))
      guard !run.isTrimmed, !imagined.contains(record.id) else { continue }
      needed.documents.formUnion(own.map(\.document))
      needed.blobs.formUnion(record.passes.compactMap(\.outcome?.probabilities))
      for tile in own.flatMap(\.tiles) {
        needed.blobs.formUnion((tile.votes.map(\.result) + [tile.accepted?.result]).compactMap { $0?.probabilities })
      }
    }
    let time = trainingTime
    for training in trainings {
      let record = training.record
      let canGoOn =
        switch record.state {
        case .running, .failed: true
        case .cancelled: training.endedAt.map { now - $0 < TrainingBoard.retryTime } ?? true
        case .completed: false
        }
      if canGoOn { needed.folders.insert(record.spec.data) }
      for job in record.jobs {
        if job.state == .running, let end = job.leaseEnd {
          // What a trainer put before its last report has been reported too.
          let silence = Duration.seconds(time.timeIntervalSince(end)) + job.lease
          needed.oldestOpenRun = max(needed.oldestOpenRun ?? .zero, silence)
        }
        if canGoOn, let checkpoint = job.checkpoint, job.state != .done { needed.folders.insert(checkpoint) }
        guard let result = job.result else { continue }
        if job.work == .selection { needed.blobs.insert(result) } else { needed.folders.insert(result) }
      }
    }
    needed.blobs.formUnion(needed.folders)
    return needed
  }
}

extension TileResult {
  fileprivate var probabilities: Digest? {
    if case .computed(let probabilities, _) = outcome { probabilities } else { nil }
  }
}

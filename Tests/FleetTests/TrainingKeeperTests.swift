import FleetContracts
import FleetInMemory
import Testing

@testable import Fleet

/// What an aggregator makes of trainers' reports.
@Suite struct TrainingKeeperTests {
  @Test(.timeLimit(.minutes(5)), arguments: [false, true])
  func aTrainingThatIsCancelledWhileItsChoiceIsReadLeavesNoModel(isCancelled: Bool) async throws {
    let bench = try TrainingBench()
    let training = try await bench.submit()
    let fold = try await bench.handOut()[0]
    _ = try await bench.ledger.record(bench.report(fold, .done(result: bench.file("result"))))
    let selection = try await bench.handOut()[0]
    let model = ModelRecord(
      name: "tissue", digest: bench.file("winner"), configuration: "2d", trainer: "nnUNetTrainerV2", channels: 1,
      labels: [])
    let choice = try await bench.store.put(try TrainingChoice(best: "2d", candidates: [], models: [model]).encoded())
    // Reports are taken one after the other: when this one counts, the one before has been looked at.
    let last = try await bench.submit(seed: 2)
    let next = try await bench.handOut()[0]
    let store = InterruptedStore(store: bench.store) { digest in
      if isCancelled, digest == choice { _ = try await bench.ledger.cancel(training, by: "alice") }
    }
    let queue = InMemoryJobQueue(broker: InMemoryBroker())
    for report in [bench.report(selection, .done(result: choice)), bench.report(next, .begun)] {
      try await queue.publish(try QueueMessage(report, number: 1), to: .trainingReports)
    }
    let keeper = TrainingKeeper(ledger: bench.ledger, queue: queue, store: store, logger: .quiet)
    let aggregator = AggregatorService(
      ledger: bench.ledger, queue: queue, stitcher: JoiningStitcher(store: store), trainings: keeper,
      settings: ServiceSettings(owner: "test", pollInterval: .milliseconds(2)), logger: .quiet)
    try await withServices([aggregator]) {
      while try await bench.ledger.training(last)?.jobs[0].state != .running {
        try await Task.sleep(for: .milliseconds(2))
      }
    }
    #expect(try await bench.ledger.training(training)?.state == (isCancelled ? .cancelled : .completed))
    #expect(try await bench.ledger.models() == (isCancelled ? [] : [model]))
  }
}

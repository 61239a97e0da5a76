import FleetContracts
import Testing

@testable import Fleet

/// Whether a training can be taken up again.
@Suite struct TrainingRetryTests {
  @Test func aTrainingWhoseCheckpointIsGoneIsNotTakenUp() async throws {
    let bench = try TrainingBench()
    let (first, second) = (try await bench.submit(seed: 1), try await bench.submit(seed: 2))
    let checkpoint = try await bench.put(["model_latest": "one epoch"])
    try await bench.train(try await bench.handOut()[0], epoch: 0, checkpoint: checkpoint)
    for training in [first, second] { _ = try await bench.ledger.cancel(training, by: "alice") }
    // What both are trained on is kept, as somebody else's.
    try await bench.store.remove(checkpoint)
    #expect(try await bench.ledger.retry(first, by: "bob", dataIn: bench.store) == .dataIsGone(.cancelled))
    let record = try #require(try await bench.ledger.training(first))
    #expect(record.state == .cancelled && record.acts.map(\.kind) == [.cancel])
    #expect(try await bench.ledger.retry(second, by: "bob", dataIn: bench.store) == .retried([0, 1]))
  }

  @Test func aTrainingWhoseFoldsAreGoneIsNotTakenUp() async throws {
    let bench = try TrainingBench()
    let training = try await bench.submit()
    let result = try await bench.put(["model_final": "all epochs"])
    let fold = try await bench.handOut()[0]
    #expect(try await bench.ledger.record(bench.report(fold, .done(result: result))) == .accepted)
    _ = try await bench.ledger.cancel(training, by: "alice")
    #expect(try await bench.ledger.retry(training, by: "bob", dataIn: bench.store) == .retried([1]))
    _ = try await bench.ledger.cancel(training, by: "alice")
    try await bench.store.remove(result)
    #expect(try await bench.ledger.retry(training, by: "bob", dataIn: bench.store) == .dataIsGone(.cancelled))
  }

  @Test func whoComesSecondReadsTheStateThatTheFirstHasLeft() async throws {
    let bench = try TrainingBench()
    let training = try await bench.submit()
    _ = try await bench.ledger.cancel(training, by: "alice")
    let store = InterruptedStore(store: bench.store) { _ in
      _ = try await bench.ledger.retry(training, by: "bob")
    }
    #expect(try await bench.ledger.retry(training, by: "carol", dataIn: store) == .nothingToRetry(.running))
    #expect(try await bench.ledger.training(training)?.acts.map(\.askedBy) == ["alice", "bob"])
  }
}

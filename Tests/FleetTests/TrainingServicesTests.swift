import BlobStores
import Digests
import FleetContracts
import FleetInMemory
import Foundation
import Logging
import ServiceLifecycle
import Synchronization
import Testing
import Testkit

@testable import Fleet

/// Dispatcher, trainers and aggregator together, on adapters in memory, with a training that is a chain of digests: each epoch's weights
/// depend on all epochs before.
@Suite struct TrainingServicesTests {
  private let store: FileBlobStore
  private let ledger = InMemoryLedger()
  private let broker = InMemoryBroker()
  private let settings = ServiceSettings(
    owner: "test", lease: .seconds(2), pollInterval: .milliseconds(2), overdueAfter: .seconds(30))
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    store = try FileBlobStore(root: folder.url.appending(path: "store").path)
  }

  private func submit(_ configurations: [String] = ["2d"], folds: [Int] = [0], epochs: Int = 5) async throws
    -> TrainingID
  {
    let task = folder.url.appending(path: "preprocessed/Task501_X")
    try FileManager.default.createDirectory(at: task, withIntermediateDirectories: true)
    try Data("cases".utf8).write(to: task.appending(path: "cases"))
    try Data("unpacked".utf8).write(to: task.appending(path: "case.npy"))
    let data = try await FolderManifest.put(
      task.deletingLastPathComponent(), part: "Task501_X", into: store, isWanted: { !$0.hasSuffix(".npy") })
    let spec = TrainingSpec(
      task: "Task501_X", configurations: configurations, folds: folds, foldsOfSplit: 2, data: data, model: "tissue",
      epochs: epochs, iterations: 1, validationIterations: 1)
    return try await ledger.submit(spec, key: nil, tenant: .default).training
  }

  private func services(_ queue: InMemoryJobQueue, lease: Duration = .seconds(60)) -> [any Service] {
    let dispatch = TrainingDispatch(ledger: ledger, queue: queue, store: store, lease: lease)
    let keeper = TrainingKeeper(ledger: ledger, queue: queue, store: store, logger: .quiet)
    return [
      DispatcherService(
        ledger: ledger, queue: queue, preparer: CountingPreparer(store: store, tiles: 1), trainings: dispatch,
        settings: settings, logger: .quiet),
      AggregatorService(
        ledger: ledger, queue: queue, stitcher: JoiningStitcher(store: store), trainings: keeper, settings: settings,
        logger: .quiet),
    ]
  }

  private func trainer(
    _ name: String, _ queue: InMemoryJobQueue, _ performer: ChainTrainer = ChainTrainer()
  ) -> TrainerService {
    TrainerService(
      queue: queue, store: store, performer: performer, name: name, cache: folder.url.appending(path: "cache-\(name)"),
      logger: .quiet)
  }

  private func end(of training: TrainingID) async throws -> TrainingRecord {
    while true {
      let record = try #require(try await ledger.training(training))
      if record.state.isFinal { return record }
      try await Task.sleep(for: .milliseconds(2))
    }
  }

  /// Waits until the ledger knows of the first job's checkpoint.
  private func hasCheckpoint(_ epochs: Int, _ training: TrainingID) async throws {
    while try await ledger.training(training)?.jobs[0].checkpointEpochs != epochs {
      try await Task.sleep(for: .milliseconds(2))
    }
  }

  /// A file of a finished job.
  private func file(_ name: String, of job: TrainingJobRecord) async throws -> String {
    let manifest = try await FolderManifest.get(try #require(job.result), from: store)
    let file = try #require(manifest.files.first { $0.path.hasSuffix(name) }, "\(manifest.files.map(\.path))")
    return String(decoding: try await store.get(file.sha256).copy, as: UTF8.self)
  }

  @Test(.timeLimit(.minutes(5)))
  func aTrainingGoesFromTheTaskToARegisteredModel() async throws {
    let queue = InMemoryJobQueue(broker: broker)
    let training = try await submit(["2d", "3d_lowres", "3d_cascade_fullres"], folds: [1])
    let record = try await withServices(services(queue) + [trainer("a", queue), trainer("b", queue)]) {
      try await end(of: training)
    }
    #expect(record.state == .completed)
    #expect(record.jobs.map(\.work.configuration) == ["2d", "3d_lowres", "3d_lowres", "3d_cascade_fullres", nil])
    #expect(try await file("model_final", of: record.jobs[0]) == ChainTrainer.weights(fold: 1, epochs: 5))
    // The cascade's second stage has seen what both folds of the first have left.
    #expect(try await file("seen", of: record.jobs[3]).split(separator: "\n").count == 2)
    let curve = try await ledger.curves(of: training).filter { $0.job == 0 }
    #expect(curve.map(\.epoch.epoch) == [0, 1, 2, 3, 4] && curve[1].epoch.trainingLoss == -0.2)
    let model = try #require(try await ledger.model(named: "tissue"))
    let choice = try await TrainingChoice.get(try #require(record.jobs.last?.result), from: store)
    #expect(choice.best == "2d" && choice.models == [model] && choice.candidates.first?.dice == 0.75)
    _ = try await ModelLibrary.manifest(model.digest, in: store)
  }

  @Test(.timeLimit(.minutes(5)))
  func aTrainerThatFallsSilentIsFollowedByAnotherWithTheSameBits() async throws {
    let (queue, lost) = (InMemoryJobQueue(broker: broker), InMemoryJobQueue(broker: broker))
    let training = try await submit(epochs: 6)
    let stuck = ChainTrainer { epoch in
      guard epoch == 3 else { return }
      // In the middle of an epoch, when the one before has been heard of: its connection is gone, and it never comes to the epoch's end.
      _ = try? Awaited {
        try await hasCheckpoint(3, training)
        await lost.close()
      }.value()
      Thread.sleep(forTimeInterval: 10)
    }
    let first = trainer("first", lost, stuck)
    let record = try await withServices(services(queue, lease: .seconds(3))) {
      let silent = Task { try? await first.run() }
      try await hasCheckpoint(3, training)
      let second = trainer("second", queue)
      let other = Task { try await second.run() }
      defer {
        silent.cancel()
        other.cancel()
      }
      return try await end(of: training)
    }
    #expect(record.state == .completed && record.jobs[0].attempt == 2 && record.jobs[0].worker == "second")
    #expect(try await file("model_final", of: record.jobs[0]) == ChainTrainer.weights(fold: 0, epochs: 6))
    let curve = try await ledger.curves(of: training)
    #expect(curve.map(\.worker) == ["first", "first", "first", "second", "second", "second"])
  }

  @Test(.timeLimit(.minutes(5)))
  func aTrainerThatIsStoppedHandsItsJobBack() async throws {
    let queue = InMemoryJobQueue(broker: broker)
    let training = try await submit(epochs: 4)
    let reached = Latch()
    let slow = ChainTrainer { epoch in
      guard epoch == 2 else { return }
      reached.open()
      Thread.sleep(forTimeInterval: 0.2)
    }
    let record = try await withServices(services(queue)) {
      try await withServices([trainer("first", queue, slow)]) { try await reached.wait() }
      return try await withServices([trainer("second", queue)]) { try await end(of: training) }
    }
    #expect(record.state == .completed && record.jobs[0].attempt == 2 && record.jobs[0].setbacks == 0)
    #expect(try await file("model_final", of: record.jobs[0]) == ChainTrainer.weights(fold: 0, epochs: 4))
  }

  @Test(.timeLimit(.minutes(5)))
  func aCancelledTrainingStopsItsTrainer() async throws {
    let queue = InMemoryJobQueue(broker: broker)
    let training = try await submit(epochs: 1_000_000)
    let epochs = Mutex(0)
    let endless = ChainTrainer { epoch in
      epochs.withLock { $0 = epoch }
      Thread.sleep(forTimeInterval: 0.005)
    }
    try await withServices(services(queue) + [trainer("a", queue, endless)]) {
      while epochs.withLock({ $0 }) < 3 { try await Task.sleep(for: .milliseconds(2)) }
      #expect(try await ledger.cancel(training, by: "operator") == .cancelled)
      // It takes the next job only when it has left this one.
      let next = try await submit(epochs: 2)
      #expect(try await end(of: next).jobs[0].worker == "a")
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func whatCanNotBeTrainedFailsWithTheReason() async throws {
    struct Hopeless: Error, CustomStringConvertible { var description: String { "There are no plans." } }
    let queue = InMemoryJobQueue(broker: broker)
    let training = try await submit()
    let record = try await withServices(
      services(queue) + [trainer("a", queue, ChainTrainer { _ in throw Hopeless() })]
    ) { try await end(of: training) }
    #expect(record.state == .failed)
    #expect(record.board.failure == RunFailure(kind: .invalid, reason: "There are no plans."))
  }

  @Test(.timeLimit(.minutes(5)))
  func whatHasFailedIsTakenUpAgainFromItsCheckpointWithTheSameBits() async throws {
    struct NoRoom: Error, CustomStringConvertible { var description: String { "The disk is full." } }
    let queue = InMemoryJobQueue(broker: broker)
    let training = try await submit(epochs: 6)
    let isFull = Mutex(true)
    let careless = ChainTrainer { epoch in
      if epoch == 3, isFull.withLock({ $0 }) { throw NoRoom() }
    }
    let record = try await withServices(services(queue) + [trainer("a", queue, careless)]) {
      #expect(try await end(of: training).jobs.map(\.state) == [.failed, .skipped])
      _ = try await CheckpointSweeper(ledger: ledger, store: store, grace: .zero, logger: .quiet).sweep()
      isFull.withLock { $0 = false }
      #expect(try await ledger.retry(training, by: "operator", dataIn: store) == .retried([0, 1]))
      return try await end(of: training)
    }
    #expect(record.state == .completed && record.board.failure == nil)
    #expect(try await file("model_final", of: record.jobs[0]) == ChainTrainer.weights(fold: 0, epochs: 6))
    #expect(try await ledger.curves(of: training).map(\.attempt) == [1, 1, 1, 2, 2, 2])
    #expect(try await ledger.model(named: "tissue") != nil)
  }

  @Test func aRetryAsksFirstWhetherWhatIsTrainedOnIsThere() async throws {
    let training = try await submit()
    #expect(try await ledger.retry(TrainingID(), by: "alice", dataIn: store) == .unknown)
    #expect(try await ledger.retry(training, by: "alice", dataIn: store) == .nothingToRetry(.running))
    _ = try await ledger.cancel(training, by: "alice")
    #expect(try await ledger.retry(training, by: "alice", dataIn: store) == .retried([0, 1]))
    _ = try await ledger.cancel(training, by: "alice")
    try await store.remove(try #require(try await ledger.training(training)).spec.data)
    #expect(try await ledger.retry(training, by: "alice", dataIn: store) == .dataIsGone(.cancelled))
    let record = try #require(try await ledger.training(training))
    #expect(record.state == .cancelled && record.acts.map(\.kind) == [.cancel, .retry, .cancel])
  }

  @Test func replacedCheckpointsLeaveTheStoreAndWhatIsNeededStays() async throws {
    let queue = InMemoryJobQueue(broker: broker)
    let training = try await submit(epochs: 5)
    let record = try await withServices(services(queue) + [trainer("a", queue)]) { try await end(of: training) }
    let before = try await store.inventory().count
    let sweeper = CheckpointSweeper(ledger: ledger, store: store, grace: .zero, logger: .quiet)
    _ = try await sweeper.sweep()
    #expect(try await store.inventory().count < before)
    #expect(try await ledger.supersededCheckpoints(olderThan: .zero, limit: 9) == [])
    #expect(try await file("model_final", of: record.jobs[0]) == ChainTrainer.weights(fold: 0, epochs: 5))
    let report = try await StoreCleaner(ledger: ledger, store: store).clean(
      keepingTiles: nil, grace: .zero, deletes: true, by: "test")
    #expect(report.needed.blobs > 0)
    let model = try #require(try await ledger.model(named: "tissue"))
    for file in try await ModelLibrary.manifest(model.digest, in: store).files {
      #expect(try await store.contains(file.sha256))
    }
    #expect(try await file("model_final", of: record.jobs[0]) == ChainTrainer.weights(fold: 0, epochs: 5))
  }

  @Test func aManifestThatLeadsOutOfItsFolderIsRefused() async throws {
    for path in ["../x", "/etc/x", "a/../../x", "a//x", "."] {
      let json = """
        {"version":1,"files":[{"path":"\(path)","sha256":"\(Digest(of: Array("x".utf8)))","bytes":1}]}
        """
      let digest = try await store.put(Blob(copying: Array(json.utf8)))
      await #expect(throws: RunFailure.self) { try await FolderManifest.get(digest, from: store) }
    }
  }

  @Test func nobodyIsLostWhileNobodyCanBeHeard() {
    var hearing = TrainingDispatch.Hearing()
    let start = ContinuousClock.now
    func note(_ isClear: Bool, _ seconds: Int) -> Bool {
      hearing.note(isClear: isClear, at: start + .seconds(seconds), lease: .seconds(30))
    }
    #expect(!note(true, 0) && !note(true, 29) && note(true, 30) && note(true, 31))
    #expect(!note(false, 32) && !note(true, 33) && !note(true, 62) && note(true, 63))
  }
}

/// A "training" whose weights are a chain of digests, kept in a file after each epoch.
private struct ChainTrainer: TrainingPerforming {
  /// Called in the middle of each epoch.
  var midEpoch: @Sendable (Int) throws -> Void = { _ in }

  static func weights(fold: Int, epochs: Int) -> String {
    (0..<epochs).reduce("fold \(fold)") { weights, epoch in Digest(of: "\(weights) \(epoch)".utf8).hexadecimal }
  }

  func train(
    _ work: FoldWork, epochDone: @escaping (TrainingEpoch) throws -> Void,
    shouldStop: @escaping @Sendable () -> Bool
  ) throws {
    let cases = work.preprocessed.appending(path: work.spec.task)
    guard try FileManager.default.contentsOfDirectory(atPath: cases.path) == ["cases"] else {
      throw CancellationError()
    }
    let model = work.results.appending(path: "nnUNet/\(work.configuration)/\(work.spec.task)/T__P")
    let folder = model.appending(path: "fold_\(work.fold)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    if work.configuration == TrainingSpec.cascade {
      let first = work.results.appending(path: "nnUNet/3d_lowres/\(work.spec.task)/T__P")
      let folds = try FileManager.default.contentsOfDirectory(atPath: first.path).sorted()
      try Data(folds.joined(separator: "\n").utf8).write(to: model.appending(path: "seen"))
    }
    let latest = folder.appending(path: "model_latest")
    struct State: Codable {
      var epochs: Int
      var weights: String
    }
    var state = State(epochs: 0, weights: "fold \(work.fold)")
    if let stored = FileManager.default.contents(atPath: latest.path) {
      state = try JSONDecoder().decode(State.self, from: stored)
    }
    while state.epochs < work.spec.epochs {
      try midEpoch(state.epochs)
      if shouldStop() { throw CancellationError() }
      state.weights = Digest(of: "\(state.weights) \(state.epochs)".utf8).hexadecimal
      state.epochs += 1
      try JSONEncoder().encode(state).write(to: latest, options: .atomic)
      try epochDone(
        TrainingEpoch(
          epoch: state.epochs - 1, trainingLoss: -Double(state.epochs) / 10, validationLoss: .nan, dice: 0.5,
          learningRate: 0.01, seconds: 0.001))
    }
    try Data(state.weights.utf8).write(to: folder.appending(path: "model_final"))
  }

  func select(_ spec: TrainingSpec, results: URL) throws -> TrainingSelection {
    TrainingSelection(
      best: "2d", candidates: [TrainingChoice.Candidate(name: "2d", dice: 0.75)],
      winners: [
        TrainingSelection.Winner(
          configuration: "2d", folder: Fixtures.directory.appending(path: "Task501/model"))
      ])
  }
}

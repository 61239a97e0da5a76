import Foundation
import ModelPlans
import ModelStore
import Pickles
import Testing
import Testkit

@testable import Training

@Suite struct EpochLoopTests {
  private static let schedule = TrainingSchedule(epochs: 4, iterations: 5, validationIterations: 2)

  /// A fold's folder with plans that say little.
  private static func keeper(in folder: URL) throws -> CheckpointKeeper {
    let plans = folder.appending(path: "plans_in.pkl")
    try Data(try PickleWriter.write(.named([("num_classes", .int(2))]))).write(to: plans)
    return CheckpointKeeper(
      folder: folder,
      description: try TrainerFile(
        trainer: "nnUNetTrainerV2", plansFile: plans, outputFolder: folder, datasetFolder: folder, fold: FoldName(0),
        batchDice: true, stage: 0))
  }

  /// Trains, stopping after as many iterations as are named, each time continued by another engine.
  @discardableResult
  private static func train(
    in folder: URL, stops: [Int] = [], schedule: TrainingSchedule = schedule, engine first: ArithmeticEngine? = nil
  ) throws -> TrainingState {
    let keeper = try keeper(in: folder)
    for stop in stops + [Int.max] {
      let engine = first ?? ArithmeticEngine(.small)
      let loop = EpochLoop(
        engine: engine, schedule: schedule, keeper: keeper, log: try TrainingLog(in: folder), seed: 7,
        shouldStop: { engine.steps >= stop })
      if let found = try keeper.farthest() { try loop.resume(try keeper.read(found.kind, network: .small)) }
      do {
        try loop.run()
      } catch let error as TrainingInterrupted {
        #expect(stop < Int.max)
        #expect(error.epochs < schedule.epochs)
      }
    }
    return try keeper.read(.final, network: .small)
  }

  /// Wherever it was stopped, in training or in validation, nothing differs in the end.
  @Test(arguments: [[1], [5], [6], [7], [8], [12, 3], [1, 1, 1, 1, 9]]) func aTrainingThatWasStoppedEndsWithTheSameBits(
    stops: [Int]
  ) throws {
    let (one, other) = (try TemporaryFolder(), try TemporaryFolder())
    try Self.train(in: one.url)
    try Self.train(in: other.url, stops: stops)
    let file = "model_final_checkpoint.model"
    #expect(
      try Data(contentsOf: one.url.appending(path: file)) == (try Data(contentsOf: other.url.appending(path: file))))
    #expect(!FileManager.default.fileExists(atPath: other.url.appending(path: "model_latest.model").path))
  }

  @Test func theBooksAreNnunets() throws {
    let folder = try TemporaryFolder()
    let state = try Self.train(in: folder.url)
    #expect(state.epoch == 4)
    #expect(state.history.trainingLosses.count == 4 && state.history.validationLosses.count == 4)
    // Counts of both batches together, each class by itself, then the mean.
    let first = (120.0 / 145 + 240.0 / 265) / 2
    #expect(abs(state.history.metrics[0] - first) < 1e-15)
    // Dice rises in each epoch, so that its average does.
    let best = try TrainingState(reading: folder.url.appending(path: "model_best.model"), network: .small)
    #expect(best.epoch == 4)
    let average = state.history.metrics.dropFirst().reduce(state.history.metrics[0]) { 0.9 * $0 + (1 - 0.9) * $1 }
    #expect(state.best.metric == average)
    // The next epoch's.
    #expect(state.optimiser == OptimiserSettings(learningRate: 0, momentum: 0.99, weightDecay: 3e-5))
    #expect(state.continuation == Continuation(seed: 7, epochs: 4, iterations: 5, validationIterations: 2))
    #expect(state.momenta.count == NetworkDescription.small.parameters.count - 1)
  }

  @Test func whatComesAfterTheLastEpochIsExpectedToo() throws {
    let folder = try TemporaryFolder()
    func last(_ finalBatches: Double) throws -> (progress: TrainingProgress?, result: EpochResult?) {
      var (progress, result): (TrainingProgress?, EpochResult?)
      try EpochLoop(
        engine: ArithmeticEngine(.small), schedule: Self.schedule, keeper: try Self.keeper(in: folder.url),
        log: try TrainingLog(in: folder.url), seed: 7, finalBatches: finalBatches, progress: { progress = $0 },
        epochDone: { epoch, _ in result = epoch }
      ).run()
      return (progress, result)
    }
    let alone = try last(0)
    #expect(alone.progress?.secondsLeft == 0 && alone.result?.finalSeconds == nil)
    let followed = try last(1000)
    #expect(followed.progress?.secondsLeft == followed.result?.finalSeconds)
    #expect(followed.result?.finalSeconds ?? 0 > 0)
  }

  @Test func theFirstEpochIsNeverTheBest() throws {
    let folder = try TemporaryFolder()
    try Self.train(in: folder.url, schedule: TrainingSchedule(epochs: 1, iterations: 1, validationIterations: 1))
    #expect(!FileManager.default.fileExists(atPath: folder.url.appending(path: "model_best.model").path))
  }

  @Test func learningRatesFallAsNnunets() {
    let schedule = TrainingSchedule.standard
    for (epoch, rate) in [(0, 0.01), (1, 0.0099909995), (100, 0.0090953258), (500, 0.0053588673), (999, 1.9952623e-5)] {
      #expect(abs(schedule.learningRate(epoch: epoch) / rate - 1) < 1e-8)
    }
  }

  @Test(arguments: [(0, 1), (1, 0)]) func weightsAreDrawnAnewWhereEpoch100FoundNothing(found: Int, redraws: Int) throws
  {
    let folder = try TemporaryFolder()
    let engine = ArithmeticEngine(.small)
    engine.counts = { $0.epoch == 100 ? (found, 1, 1) : (0, 1, 1) }
    let state = try Self.train(
      in: folder.url, schedule: TrainingSchedule(epochs: 102, iterations: 1, validationIterations: 1), engine: engine)
    #expect(engine.redraws == redraws)
    #expect(state.optimiser.momentum == (redraws == 1 ? 0.95 : 0.99))
  }

  @Test func theLogReadsAsNnunets() throws {
    let folder = try TemporaryFolder()
    try Self.train(in: folder.url)
    let logs = try FileManager.default.contentsOfDirectory(atPath: folder.url.path).filter {
      $0.hasPrefix("training_log_")
    }
    let log = try String(contentsOf: folder.url.appending(path: try #require(logs.first)), encoding: .utf8)
    let time = #"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}: "#
    for pattern in [
      #"train loss : -?\d+\.\d{4} \n"#, #"validation loss: -?\d+\.\d{4} \n"#,
      #"Average global foreground Dice: \[\d\.\d+, \d\.\d+\] \n"#, #"lr: 0\.\d+ \n"#,
      #"This epoch took \d+\.\d{6} s\n"#, #"\nepoch:  3 \n"#,
    ] {
      #expect(log.range(of: time + pattern, options: .regularExpression) != nil, "\(pattern)")
    }
    #expect(log.hasPrefix("Starting... \n"))
  }
}

import Digests
import Fleet
import FleetContracts
import FleetTraining
import Foundation
import Pickles
import Testing
import Testkit

@testable import Training

/// A limit that is too low is refused with one that suffices.
@Suite struct TrainingMemoryTests {
  private let folder: TemporaryFolder
  private let task: SmallTask

  init() throws {
    folder = try TemporaryFolder()
    task = try SmallTask(in: folder.url)
  }

  private func train(maxMemory: Int) throws {
    var options = SmallTask.options()
    options.maxMemory = maxMemory
    _ = try FoldTrainer(try task.setup(), fold: 0, options: options).run(continues: false)
  }

  @Test(arguments: [1 << 20, 160 << 20]) func theLimitThatARefusalNamesSuffices(limit: Int) throws {
    let refusal = try #require(throws: TrainingMemoryError.self) { try train(maxMemory: limit) }
    #expect(refusal.limit == limit && refusal.description.contains("may take \(limit >> 20)MiB"))
    let named = try #require(refusal.description.firstMatch(of: /--max-memory (\d+)MiB/)?.1)
    let mebibytes = try #require(Int(named))
    try train(maxMemory: mebibytes << 20)
    #expect(throws: TrainingMemoryError.self) { try train(maxMemory: (mebibytes - 1) << 20) }
  }

  /// Changes what a preprocessed case says of its size.
  private func set(_ key: String, of name: String, _ lengths: [Int]) throws {
    let file = try task.setup().stageFolder.appending(path: "\(name).pkl")
    guard case .dictionary(var entries) = try Pickle.load(Array(try Data(contentsOf: file)), policy: .plain) else {
      throw CocoaError(.coderReadCorrupt)
    }
    entries.entries = entries.entries.map { entry in
      entry.key == .string(key) ? .init(key: entry.key, value: .integerArray(lengths)) : entry
    }
    try Data(try PickleWriter.write(.dictionary(entries))).write(to: file)
  }

  /// What comes after the last epoch is refused before the first.
  @Test func aCaseThatCantBePredictedIsRefusedBeforeTraining() throws {
    let fold = try FoldFolder(try task.setup(), fold: 0)
    try set("original_size_of_raw_data", of: fold.split.validation[0], [2000, 2000, 2000])
    let refusal = try #require(throws: TrainingMemoryError.self) { try train(maxMemory: 2 << 30) }
    #expect(refusal.isForPredictions && refusal.description.contains("--disable_validation_inference"))
    // Prediction and reference, while they are compared.
    #expect(refusal.needed > 2 * 8_000_000_000)
    #expect(try fold.keeper.farthest() == nil)
    // Where training doesn't fit either, one figure suffices for both.
    #expect(throws: refusal.with(limit: 1 << 20)) { try train(maxMemory: 1 << 20) }
  }

  @Test func aCaseIsStitchedAsThicklyAsTheLimitAllows() throws {
    let setup = try task.setup()
    try set("size_after_resampling", of: setup.cases[0], [16, 1000, 1000])
    func memory(_ limit: Int?) throws -> PredictionMemory {
      try PredictionMemory(setup, cases: [.image: setup.cases], threads: 2, limit: limit)
    }
    let least = try memory(1).least
    let planes = try [0, 1000].map { try memory(least + $0 << 20).planes(of: setup.cases[0], on: .image) }
    #expect(planes[0] < planes[1], "\(planes)")
    #expect(try memory(nil).planes(of: setup.cases[0], on: .image) == planes[1])
    // As many label maps are compared at a time as fit.
    try set("original_size_of_raw_data", of: setup.cases[0], [500, 500, 500])
    let threads = try [0, 4000].map { try memory(memory(1).least + $0 << 20).evaluationThreads(setup.cases) }
    #expect(threads == [1, 2])
  }

  /// The least memory takes other ways to the same probabilities.
  @Test(arguments: [false, true]) func predictionsWithinALimitHaveTheSameBits(isInTwoStages: Bool) throws {
    let folder = try TemporaryFolder()
    let task = try SmallTask(in: folder.url, isInTwoStages: isInTwoStages)
    let setup = try task.setup(isInTwoStages ? .lowResolution : .fullResolution)
    let files = try FoldFolder(setup, fold: 0)
    let names = files.split.validation
    let memory = try PredictionMemory(setup, cases: [.image: names], threads: 2, limit: 1)
    #expect(throws: TrainingMemoryError.self) { try memory.check() }
    let enough = try PredictionMemory(setup, cases: [.image: names], threads: 2, limit: memory.least)
    try enough.check()
    let wide = try PredictionMemory(setup, cases: [.image: names], threads: 2, limit: 1 << 40)

    var options = SmallTask.options()
    options.threads = 2
    options.validation.savesProbabilities = true
    _ = try FoldTrainer(setup, fold: 0, options: options).run(continues: false)
    func found() throws -> [Data] {
      try names.flatMap { name in
        try [".nii.gz", ".npz"].map { try Data(contentsOf: files.url.appending(path: "validation_raw/\(name)\($0)")) }
          + (isInTwoStages ? [try Data(contentsOf: setup.nextStageFile(of: name))] : [])
      }
    }
    let expected = try found()
    options.maxMemory = 1 << 40
    _ = try FoldTrainer(setup, fold: 0, options: options).validate()
    #expect(try found() == expected)
    // As thin as can be, by the same engine.
    guard enough.engine.identity == wide.engine.identity else { return }
    options.maxMemory = memory.least
    options.predictsNextStage = false
    _ = try FoldTrainer(setup, fold: 0, options: options).validate()
    #expect(try found() == expected)
  }

  /// On the fleet another trainer may have more.
  @Test func aTrainerWithTooLittleMemoryFailsOnlyForItself() throws {
    let spec = TrainingSpec(
      task: "Task777_Small", configurations: ["3d_fullres"], folds: [0], foldsOfSplit: 5, data: Digest(of: []),
      model: "small", epochs: 1, iterations: 1, validationIterations: 1)
    let work = FoldWork(
      spec: spec, configuration: "3d_fullres", fold: 0, preprocessed: task.preprocessed,
      results: folder.url.appending(path: "results"))
    let failure = #expect(throws: RunFailure.self) {
      try NnunetTrainer(threads: 1, maxMemory: 1 << 20).train(work, epochDone: { _ in }, shouldStop: { false })
    }
    #expect(failure?.kind == .outOfMemory && failure?.reason.contains("--max-memory") == true)
  }
}

extension TrainingMemoryError {
  /// As it is said of the least that training and predictions take together.
  fileprivate func with(limit: Int) -> TrainingMemoryError { TrainingMemoryError(needed: needed, limit: limit) }
}

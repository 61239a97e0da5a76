import Digests
import Fleet
import FleetContracts
import FleetTraining
import Foundation
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
    options.validates = false
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

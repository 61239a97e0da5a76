import Digests
import Foundation
import Testing
import Testkit

@testable import Training

/// A training that is written down, and what nnU-Net makes of the same weights and batches.
@Suite struct TrainingRecordTests {
  private let folder: TemporaryFolder
  private let task: SmallTask

  init() throws {
    folder = try TemporaryFolder()
    task = try SmallTask(in: folder.url)
  }

  /// Trains a fold anew and returns its checkpoint's digest.
  private func train(_ options: FoldTrainer.Options) throws -> Digest {
    let trainer = try FoldTrainer(try task.setup(), fold: 0, options: options)
    _ = try trainer.run(continues: false)
    return Digest(of: try Data(contentsOf: trainer.fold.keeper.file(.final)))
  }

  private var options: FoldTrainer.Options {
    var options = SmallTask.options(epochs: 2)
    options.iterations = 3
    options.validates = false
    return options
  }

  @Test func weightsAndBatchesAreWrittenAndChangeNothing() throws {
    var recording = options
    recording.record = folder.url.appending(path: "record")
    let plain = try train(options)
    #expect(try train(recording) == plain)

    let record = folder.url.appending(path: "record/fold_0")
    let network = try task.setup().network
    func size(_ name: String) throws -> Int { try Data(contentsOf: record.appending(path: name)).count }
    #expect(try size("start.f32") == network.parameterCount * 4)
    let batch = try task.setup().batchSize
    let voxels = network.patch.reduce(1, *)
    #expect(try size("images.f32") == 6 * batch * voxels * network.inputChannels * 4)
    #expect(try size("targets.u8") >= 6 * batch * voxels)
    let config = try JSONSerialization.jsonObject(with: Data(contentsOf: record.appending(path: "config.json")))
    let fields = try #require(config as? [String: Any])
    #expect(fields["patch"] as? [Int] == network.patch && fields["iterations"] as? Int == 3)
  }

  /// nnU-Net's own network, loss and optimiser, trained on the record, have the losses that the training had.
  @Test(.enabled(if: Nnunet.isAtHand, Comment(rawValue: Nnunet.absence)))
  func nnunetHasTheSameLossesOnTheSameBatches() throws {
    var recording = options
    recording.record = folder.url.appending(path: "record")
    _ = try train(recording)
    let fold = try FoldFolder(try task.setup(), fold: 0)
    let history = try fold.keeper.read(.final, network: fold.setup.network).history
    let (code, log) = try Nnunet.run(
      script: Fixtures.repository.appending(path: "Tests/Peers/training_steps.py"),
      ["replay", folder.url.appending(path: "record/fold_0").path], results: folder.url)
    try #require(code == 0, "\(log)")
    let losses = log.matches(of: /epoch \d+: (-?[\d.]+)/).compactMap { Double($0.1) }
    #expect(losses.count == 2)
    for (found, expected) in zip(losses, history.trainingLosses) { #expect(abs(found - expected) < 2e-4, "\(log)") }
  }
}

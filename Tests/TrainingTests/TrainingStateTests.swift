import Foundation
import ModelPlans
import ModelStore
import Pickles
import Testing
import Testkit

@testable import Training

@Suite struct TrainingStateTests {
  private static func state(_ network: NetworkDescription = .small) throws -> TrainingState {
    let engine = ArithmeticEngine(network)
    for iteration in 0..<3 { _ = try engine.step(IterationIndex(epoch: 0, iteration: iteration), learningRate: 0.01) }
    var momenta: [String: [Float]] = [:]
    for parameter in network.parameters { momenta[parameter.name] = try engine.momentum(of: parameter.name) }
    var history = TrainingHistory()
    history.trainingLosses = [0.1, -0.30000000000000004]
    history.validationLosses = [0.2, -0.25]
    history.metrics = [.nan, 0.5]
    var best = BestMarks()
    best.epoch = 1
    best.trainingLoss = -0.2
    best.metric = 0.5
    return TrainingState(
      epoch: 2,
      parameters: try network.parameters.map {
        TrainedTensor(name: $0.name, shape: $0.shape, values: try engine.values(of: $0.name))
      }, momenta: momenta,
      optimiser: OptimiserSettings(learningRate: 0.009, momentum: 0.99, weightDecay: 3e-5), history: history,
      best: best,
      continuation: Continuation(
        seed: .max - 4, epochs: 8, iterations: 40, validationIterations: 20, losses: [0.125, 1e-300]))
  }

  @Test func aCheckpointIsReadAsItWasWritten() throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appending(path: "model_latest.model")
    let state = try Self.state()
    try state.write(to: file)
    let read = try TrainingState(reading: file, network: .small)
    #expect(read.epoch == 2)
    #expect(read.parameters == state.parameters)
    #expect(read.momenta == state.momenta)
    #expect(read.optimiser == state.optimiser)
    #expect(read.best == state.best)
    #expect(read.continuation == state.continuation)
    #expect(read.history.trainingLosses == state.history.trainingLosses)
    #expect(read.history.metrics[0].isNaN && read.history.metrics[1] == 0.5)
    #expect(try TrainingState.progress(of: file) == (2, 2))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["model_latest.model"])
  }

  /// A training of another shape is refused by name, before anything is taken.
  @Test func anotherNetworksCheckpointIsRefused() throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appending(path: "model_latest.model")
    try Self.state().write(to: file)
    var other = NetworkDescription.small
    other.features = [1, 2, 4]
    #expect(throws: ModelStoreError.self) { try TrainingState(reading: file, network: other) }
    #expect(throws: ModelStoreError.self) { try TrainingState.pretrained(file, for: other) }
    // Heads for more classes are left out.
    var more = NetworkDescription.small
    more.outputChannels = 5
    let taken = try TrainingState.pretrained(file, for: more)
    #expect(taken.count == NetworkDescription.small.parameters.count - 2)
    #expect(!taken.keys.contains { $0.hasPrefix("seg_outputs") })
  }

  private static func golden(_ configuration: String, _ trainer: String) throws -> URL {
    try #require(Fixtures.golden).appending(
      path: "results/nnUNet/\(configuration)/Task501_BrainTissue/\(trainer)__nnUNetPlansv2.1")
  }

  @Test(
    .enabled(if: Fixtures.golden != nil, "no golden data at hand"),
    arguments: [
      ("2d", "nnUNetTrainerV2"), ("3d_lowres", "nnUNetTrainerV2"), ("3d_fullres", "nnUNetTrainerV2"),
      ("3d_cascade_fullres", "nnUNetTrainerV2CascadeFullRes"),
    ])
  func nnunetsCheckpointsCanBeContinued(configuration: String, trainer: String) throws {
    let folder = try Self.golden(configuration, trainer)
    let model = try TrainedModel.open(folder: folder, folds: .list([0]))
    let file = folder.appending(path: "fold_0/model_final_checkpoint.model")
    let state = try TrainingState(reading: file, network: model.network)
    #expect(state.epoch > 0 && state.history.metrics.count == state.epoch)
    #expect(state.continuation == nil)
    #expect(state.optimiser.momentum == 0.99 && state.optimiser.weightDecay == 3e-5)
    // All but the head without a share in the loss have momentum.
    let without = state.parameters.map(\.name).filter { state.momenta[$0] == nil }
    #expect(without == ["seg_outputs.0.weight"])
    #expect(state.momenta.values.allSatisfy { $0.contains { $0 != 0 } })
  }

  /// nnU-Net itself reads what Tessera wrote: class, arguments, plans, weights, momentum, curves.
  @Test(.enabled(if: Nnunet.isAtHand && Fixtures.golden != nil, "\(Nnunet.absence), or no golden data"))
  func nnunetRestoresOurCheckpoints() throws {
    let temporary = try TemporaryFolder()
    var code = """
      import torch, sys
      original = torch.load
      torch.load = lambda *a, **k: original(*a, **{**k, 'weights_only': False})
      from nnunet.training.model_restore import restore_model
      """
    var expected: [[String]] = []
    for (configuration, trainer) in [
      ("3d_fullres", "nnUNetTrainerV2"), ("3d_cascade_fullres", "nnUNetTrainerV2CascadeFullRes"),
    ] {
      let golden = try Self.golden(configuration, trainer)
      let model = try TrainedModel.open(folder: golden, folds: .list([0]))
      let base = temporary.url.appending(
        path: "nnUNet/\(configuration)/Task501_BrainTissue/\(golden.lastPathComponent)")
      let fold = base.appending(path: "fold_0")
      try FileManager.default.createDirectory(at: fold, withIntermediateDirectories: true)
      let state = try Self.state(model.network)
      let description = try TrainerFile(
        trainer: trainer, plansFile: golden.appending(path: "plans.pkl"), outputFolder: base,
        datasetFolder: temporary.url.appending(path: "Task501_BrainTissue"), fold: FoldName(0), batchDice: true,
        stage: 1, previousTrainer: configuration == "3d_cascade_fullres" ? "nnUNetTrainerV2" : nil)
      try CheckpointKeeper(folder: fold, description: description).save(state, as: .final)
      let tensor = state.parameters[5]
      // As torch's careful reader takes it, too.
      code += """

        file = '\(fold.path)/model_final_checkpoint.model'
        checkpoint = original(file, weights_only=True)
        trainer = restore_model(file + '.pkl', file, train=False, fp16=False)
        trainer.load_checkpoint_ram(checkpoint, train=True)
        assert trainer.all_tr_losses == [0.1, -0.30000000000000004], trainer.all_tr_losses
        assert trainer.epoch == 2 and trainer.best_epoch_based_on_MA_tr_loss == 1
        parameter = dict(trainer.network.named_parameters())['\(tensor.name)']
        group = trainer.optimizer.param_groups[0]
        print('FOUND', float(parameter.flatten()[1]),
              float(trainer.optimizer.state[parameter]['momentum_buffer'].flatten()[1]), group['lr'], group['nesterov'])
        """
      let momentum = try #require(state.momenta[tensor.name])
      expected.append(["FOUND", "\(Double(tensor.values[1]))", "\(Double(momentum[1]))", "0.009", "True"])
    }
    let (exit, log) = try Nnunet.run(code: code, results: temporary.url)
    #expect(exit == 0, "\(log)")
    let found = log.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }.filter {
      $0.first == "FOUND"
    }
    #expect(
      found.map { $0.dropFirst().compactMap(Double.init) } == expected.map { $0.dropFirst().compactMap(Double.init) })
    #expect(found.allSatisfy { $0.last == "True" })
  }
}

import Foundation
import Gradients
import Kernels
import ModelPlans
import Testing
import Testkit

/// Steps of training against nnU-Net's own network, loss and optimiser in PyTorch (Tests/Peers/training_steps.py).
@Suite struct NnunetStepsTests {
  /// From weights and batches that both make by the same formula; PyTorch's answers are in Tests/Fixtures/training.
  @Test func twentyStepsGiveNnunetsWeights() throws {
    let folder = Fixtures.directory.appending(path: "training")
    let steps = try SharedSteps(config: PeerTraining(readFrom: folder.appending(path: "config.json")))
    let network = try steps.network(threads: 2)
    try steps.fill(network)
    let gradients = try SharedSteps.floats(folder.appending(path: "gradients.f32"))
    let losses = try JSONDecoder().decode([Double].self, from: Data(contentsOf: folder.appending(path: "losses.json")))
    for (step, expected) in losses.enumerated() {
      let batch = steps.batch(step, network)
      if step == 0 {
        _ = try network.computeGradients(images: batch.images, targets: batch.targets)
        let errors = try SharedSteps.errors(network, gradients) { try network.gradient(of: $0) }
        #expect(errors.whole < 1e-5)
        #expect(errors.worst < 5e-5, "\(errors.name)")
      }
      let loss = try network.step(
        images: batch.images, targets: batch.targets, learningRate: Float(steps.config.learningRate))
      #expect(abs(loss - expected) < 2e-5)
    }
    let errors = try SharedSteps.errors(network, SharedSteps.floats(folder.appending(path: "after.f32"))) {
      try network.values(of: $0)
    }
    #expect(errors.whole < 1e-4)
    #expect(errors.worst < 5e-4, "\(errors.name)")
  }

  /// From nnU-Net's trained model, with its momentum, on boxes of its task's images.
  @Test(
    .enabled(if: Nnunet.isAtHand, Comment(rawValue: Nnunet.absence)),
    .enabled(if: Fixtures.golden != nil, "nnU-Net's larger set of answers isn't at hand: set TESSERA_GOLDEN"))
  func twentyStepsFromACheckpointOnRealImagesGiveNnunetsWeights() throws {
    let golden = try #require(Fixtures.golden)
    let folder = try TemporaryFolder()
    let model = "results/nnUNet/3d_fullres/Task501_BrainTissue/nnUNetTrainerV2__nnUNetPlansv2.1"
    let three = [Int](repeating: 3, count: 3)
    let description = NetworkDescription(
      patch: [40, 40, 32], inputChannels: 1, outputChannels: 3, features: [8, 16, 32, 64],
      kernels: [three, three, three, three], strides: [[2, 2, 2], [2, 2, 2], [2, 2, 2]])
    var config = PeerTraining(description, TrainingSettings(batchSize: 2, batchDice: true))
    let count = 20
    (config.steps, config.threads) = (count, 2)
    config.checkpoint = golden.appending(path: "\(model)/fold_0/model_final_checkpoint.model").path
    config.task = golden.appending(path: "raw/Task501_BrainTissue").path
    let file = folder.url.appending(path: "config.json")
    try config.write(to: file)
    let (code, log) = try Nnunet.run(
      script: Fixtures.repository.appending(path: "Tests/Peers/training_steps.py"),
      ["steps", file.path, folder.url.path], results: folder.url)
    try #require(code == 0, "\(log)")

    let steps = SharedSteps(config: config)
    let network = try steps.network(threads: 2)
    try steps.load(network, from: folder.url)
    let images = try SharedSteps.floats(folder.url.appending(path: "images.f32"))
    let targets = [UInt8](try Data(contentsOf: folder.url.appending(path: "targets.u8")))
    for step in 0..<count {
      let batch = steps.batch(step, network, images: images, targets: targets)
      try network.step(images: batch.images, targets: batch.targets, learningRate: Float(config.learningRate))
    }
    let errors = try SharedSteps.errors(network, SharedSteps.floats(folder.url.appending(path: "after.f32"))) {
      try network.values(of: $0)
    }
    #expect(errors.whole < 1e-4)
    // PyTorch in float32 is as far from itself in double: 9e-5 as a whole, 2e-3 in the smallest vector.
    #expect(errors.worst < 1e-2, "\(errors.name)")
  }
}

import Foundation
import Kernels
import ModelStore
import Testing
import Testkit
import UNet

/// Tiny models that nnU-Net's own trainers made, with random weights, and their logits for one patch
/// (`Tests/Peers/oracle_trainers.py models`).
@Suite struct TrainerAgreementTests {
  private static let directory = Fixtures.directory.appending(path: "trainers")

  private static let trainers = [
    "nnUNetTrainerV2_BN", "nnUNetTrainerV2_MMS", "nnUNetTrainerV2_GN", "nnUNetTrainerV2_FRN",
    "nnUNetTrainerV2_NoNormalization", "nnUNetTrainerV2_ReLU_biasInSegOutput", "nnUNetTrainerV2_GeLU",
    "nnUNetTrainerV2_Mish", "nnUNetTrainerV2_ReLU_convReLUIN", "nnUNetTrainerV2_lReLU_convReLUIN",
    "nnUNetTrainerV2_LReLU_slope_2en1", "nnUNetTrainerV2BraTSRegions_DA4_BN", "nnUNetTrainerV2_allConv3x3",
    "nnUNetTrainerV2_3ConvPerStageSameFilters", "nnUNetTrainerV2_ResencUNet", "nnUNetTrainerV2_ResencUNet_DA3_BN",
  ]

  @Test func everyModelOfTheFolderIsTested() throws {
    let folders = try FileManager.default.contentsOfDirectory(atPath: Self.directory.path)
    #expect(Set(folders.filter { !$0.contains(".") }) == Set(Self.trainers))
  }

  @Test(arguments: trainers)
  func logitsAreThoseOfTorch(trainer: String) throws {
    let folder = Self.directory.appending(path: trainer)
    let model = try TrainedModel.open(folder: folder)
    #expect(model.trainerName == trainer)
    let weights = try model.weights(fold: FoldName(0))
    let input = try floats(folder.appending(path: "input.f32"))
    let expected = try floats(folder.appending(path: "logits.f32"))
    let pool = ComputePool(threads: 2)
    var executors: [any NetworkExecutor] = [
      try ReferenceExecutor(description: model.network, weights: weights),
      try BlasExecutor(
        description: model.network, weights: weights, pool: pool,
        workspace: Workspace(description: model.network, threads: 2)),
    ]
    if let engine = try? NetworkEngine(.winograd, description: model.network) {
      executors.append(
        try engine.makeExecutor(weights: weights, pool: pool, workspace: engine.makeWorkspace(threads: 2)))
    }
    let scale = expected.reduce(0) { max($0, abs($1)) }
    for executor in executors {
      var logits = [Float](repeating: .nan, count: expected.count)
      try input.withUnsafeBufferPointer { input in
        try logits.withUnsafeMutableBufferPointer { try executor.forward(input, into: $0) }
      }
      let worst = zip(logits, expected).reduce(Float(0)) { $1.0.isNaN ? .infinity : max($0, abs($1.0 - $1.1)) }
      // Both compute in float32, in other orders; a dozen layers of values of order 1.
      // Winograd's transforms cost about two bits.
      let bound: Float = executor.identity.engine == "winograd" ? 4e-5 : 1e-5
      #expect(worst < bound * scale, "\(executor.identity.engine): \(worst) of \(scale)")
    }
  }

  private func floats(_ file: URL) throws -> [Float] {
    try Data(contentsOf: file).withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
  }
}

import Foundation
import ModelPlans
import ModelStore
import Testing
import Testkit

@Suite("Trained models as nnU-Net left them")
struct TrainedModelTests {
  private let task501 = Fixtures.directory.appending(path: "Task501/model")
  private let demo = Fixtures.directory.appending(path: "demo/model")

  @Test("the demo's model opens, with the fold 'all' because there is no other")
  func demoModel() throws {
    let model = try TrainedModel.open(folder: demo)
    #expect(model.folds == [.all])
    #expect(model.configuration == .fullResolution)
    #expect(model.trainerName == "nnUNetTrainerV2")
    #expect(model.stage == 1)
    #expect(model.mirrorAxes == [0, 1, 2])
    #expect(model.mirroringAllowed)
    #expect(model.network.parameterCount == 351_264)
  }

  @Test("weights are torch's own, to the last bit")
  func weights() throws {
    let model = try TrainedModel.open(folder: task501, folds: .list([0]))
    let weights = try model.weights(fold: FoldName(0))
    for reference in TorchReference.task501Fold0 {
      try weights.withParameter(reference.name) { values in
        #expect(values.count == reference.count)
        #expect(values[0] == Float(reference.first))
        #expect(values[values.count - 1] == Float(reference.last))
        // torch adds doubles in another order: 1e-12 relative is far above that difference and far below a wrong element.
        let sum = values.reduce(0.0) { $0 + Double($1) * Double($1) }
        #expect(abs(sum - reference.sumOfSquares) <= 1e-12 * reference.sumOfSquares)
        #expect(UInt(bitPattern: values.baseAddress) % 64 == 0)
      }
    }
    #expect(throws: ModelStoreError.self) { try weights.withParameter("td.0.weight") { $0.count } }
  }

  @Test(
    "every model of the golden results opens and fits its plans",
    .enabled(if: Fixtures.golden != nil, "the full set of nnU-Net's answers isn't at hand"))
  func golden() throws {
    let golden = try #require(Fixtures.golden)
    let results = golden.appending(path: "results")
    var opened = 0
    for (task, configuration) in [
      ("501", "2d"), ("501", "3d_lowres"), ("501", "3d_fullres"), ("501", "3d_cascade_fullres"), ("502", "2d"),
      ("Task502_ThickSlice", "3d_fullres"),
    ] {
      let folder = try ModelLocation.find(results: results, task: task, configuration: configuration)
      let model = try TrainedModel.open(folder: folder)
      #expect(model.configuration.rawValue == configuration)
      for fold in model.folds {
        let weights = try model.weights(fold: fold)
        #expect(weights.byteCount >= 4 * model.network.parameterCount)
        opened += 1
      }
      let cascade = configuration == "3d_cascade_fullres"
      #expect(model.network.inputChannels == model.plans.channelCount + (cascade ? model.plans.foregroundClasses : 0))
    }
    #expect(opened == 16)
  }

  @Test("a model may be taken for another trainer's, which changes its digest but not its weights")
  func treatedAs() throws {
    let plain = try TrainedModel.open(folder: demo)
    let other = try TrainedModel.open(folder: demo, treatedAs: "nnUNetTrainerV2_noMirroring")
    #expect(other.trainerName == "nnUNetTrainerV2" && other.trainer.name == "nnUNetTrainerV2_noMirroring")
    #expect(!other.mirroringAllowed)
    let manifests = try (ModelManifest(of: plain), ModelManifest(of: other))
    #expect(manifests.0.treatedAs == nil && manifests.1.treatedAs == "nnUNetTrainerV2_noMirroring")
    #expect(try manifests.0.digest != manifests.1.digest)
    #expect(try JSONDecoder().decode(ModelManifest.self, from: manifests.1.encoded()) == manifests.1)

    let without = try TrainedModel.open(folder: demo, treatedAs: "nnUNetTrainerV2_NoNormalization")
    let error = #expect(throws: ModelStoreError.self) { try without.weights(fold: .all) }
    #expect(error?.code == .mismatch)
    #expect(throws: ModelStoreError.self) { try TrainedModel.open(folder: demo, treatedAs: "Trainer") }
  }
}

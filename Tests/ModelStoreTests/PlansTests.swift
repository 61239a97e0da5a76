import Foundation
import ModelPlans
import Pickles
import Testing
import Testkit

@Suite("Plans of real models")
struct PlansTests {
  @Test("Task501's plans")
  func task501() throws {
    let pickle = try Pickle.load(
      [UInt8](Data(contentsOf: Fixtures.directory.appending(path: "Task501/model/plans.pkl"))))
    let plans = try Plans(pickle: pickle)
    #expect(plans.channelCount == 1)
    #expect(plans.modalityNames == ["MRI"])
    #expect(plans.foregroundClasses == 2)
    #expect(plans.classLabels == [1, 2])
    #expect(plans.normalizationSchemes == ["nonCT"])
    #expect(plans.useMaskForNormalization == [true])
    #expect(plans.stages[1]?.patch == [40, 40, 32])
    #expect(plans.stages[1]?.currentSpacing == [2, 2, 2])
    let network = try NetworkDescription(plans: plans, stage: 1, trainer: Trainer(named: "nnUNetTrainerV2"))
    #expect(network.features == [8, 16, 32, 64])
    #expect(network.outputChannels == 3)
    // sum(p.numel() for p in state_dict.values()) of the fixture's checkpoint, by torch.
    #expect(network.parameterCount == 351_264)
  }
}

import ModelPlans
import Testing

@Suite("Trainers of nnU-Net 1.7.1")
struct TrainerTests {
  private let plans = Plans(
    channelCount: 2, normalizationSchemes: ["nonCT", "nonCT"], useMaskForNormalization: [true, true],
    foregroundClasses: 3, baseFeatures: 32,
    stages: [
      0: PlansStage(
        patch: [32, 64, 64], currentSpacing: [3, 1, 1], poolKernels: [[1, 2, 2], [2, 2, 2], [2, 2, 2], [2, 2, 2]],
        convolutionKernels: [[1, 3, 3], [3, 3, 3], [3, 3, 3], [3, 3, 3], [3, 3, 3]])
    ])

  private func network(_ name: String) throws -> NetworkDescription {
    try NetworkDescription(plans: plans, stage: 0, trainer: Trainer(named: name))
  }

  @Test("the standard network: features double up to 320, one output more than classes")
  func standard() throws {
    let network = try network("nnUNetTrainerV2")
    #expect(network.features == [32, 64, 128, 256, 320])
    #expect(network.inputChannels == 2 && network.outputChannels == 4)
    #expect(network.block == .standard && !network.headHasBias && network.finalActivation == .softmax)
    #expect(network.blocksPerLevel == 2)
    #expect(network.kernels == plans.stages[0]?.convolutionKernels)
  }

  @Test("2D networks have up to 480 features, and the first level isn't capped")
  func caps() throws {
    var flat = plans
    flat.stages[0]?.patch = [64, 64]
    flat.stages[0]?.poolKernels = [[Int]](repeating: [2, 2], count: 5)
    flat.stages[0]?.convolutionKernels = [[Int]](repeating: [3, 3], count: 6)
    let trainer = try Trainer(named: "nnUNetTrainerV2")
    #expect(
      try NetworkDescription(plans: flat, stage: 0, trainer: trainer).features == [32, 64, 128, 256, 480, 480])
    flat.baseFeatures = 600
    #expect(try NetworkDescription(plans: flat, stage: 0, trainer: trainer).features.prefix(2) == [600, 480])
  }

  @Test("what a trainer's name changes")
  func variants() throws {
    #expect(try Trainer(named: "nnUNetTrainerV2").mirroring == .allAxes)
    #expect(try Trainer(named: "nnUNetTrainerV2_noMirroring").mirroring == .notAllowed)
    #expect(try Trainer(named: "nnUNetTrainerNoDA").mirroring == .noAxes)
    let cascade = try network("nnUNetTrainerV2CascadeFullRes")
    #expect(cascade.inputChannels == 5 && cascade.outputChannels == 4)
    let regions = try network("nnUNetTrainerV2BraTSRegions_DA3")
    #expect(regions.outputChannels == 3 && regions.finalActivation == .sigmoid)
    #expect(try Trainer(named: "nnUNetTrainerV2BraTSRegions").regionsClassOrder == [1, 2, 3])
    #expect(try network("nnUNetTrainerV2_LReLU_slope_2en1").block.activation == .leakyReLU(slope: 0.2))
    #expect(try network("nnUNetTrainerV2_lReLU_biasInSegOutput").headHasBias)
    #expect(try network("nnUNetTrainerV2_allConv3x3").kernels == [[Int]](repeating: [3, 3, 3], count: 5))
    let three = try network("nnUNetTrainerV2_3ConvPerStage")
    #expect(three.blocksPerLevel == 3 && three.features[0] == 24)
    #expect(try network("nnUNetTrainerV2_3ConvPerStageSameFilters").features[0] == 32)
  }

  @Test(
    "trainers that nnU-Net can't predict with are refused by their reason",
    arguments: [
      ("nnUNetTrainerV2_DDP", "without _DDP"), ("nnUNetTrainerV2BraTSRegions_DDP", "nnUNet_change_trainer_class"),
      ("nnUNetTrainerV2_5epochs", "measures how fast"), ("nnUNetTrainerV2_softDeepSupervision", "loss function"),
      ("NetworkTrainer", "abstract base"),
    ])
  func refused(_ name: String, _ reason: String) {
    let error = #expect(throws: PlansError.self) { try Trainer(named: name) }
    #expect(error?.description.contains(reason) == true)
    #expect(error?.description.contains(name) == true)
  }

  @Test("an unknown name is refused with what to do", arguments: ["nnUNetTrainerV2_mine", "", "os.system"])
  func unknown(_ name: String) {
    let error = #expect(throws: PlansError.self) { try Trainer(named: name) }
    #expect(error == .unknownTrainer(name: name))
    #expect(error?.description.contains("nnUNet_change_trainer_class") == true)
  }

  @Test("a network that a trainer can't build from its plans is refused by what is wrong")
  func impossible() throws {
    var flat = plans
    flat.stages[0]?.patch = [64, 64]
    func error(_ plans: Plans, _ name: String) throws -> String {
      let trainer = try Trainer(named: name)
      let error = #expect(throws: PlansError.self) {
        try NetworkDescription(plans: plans, stage: 0, trainer: trainer)
      }
      return error?.description ?? ""
    }
    #expect(try error(flat, "nnUNetTrainerV2_FRN").contains("2D"))
    #expect(try error(plans, "nnUNetTrainerV2_ResencUNet").contains("num_blocks_encoder"))
    var residual = plans
    residual.stages[0]?.residual = ResidualEncoder(encoderBlocks: [1, 1, 1, 1, 1], decoderBlocks: [1, 1, 1, 1])
    #expect(try error(residual, "nnUNetTrainerV2").contains("no residual encoder"))
    var odd = plans
    odd.baseFeatures = 30
    #expect(try error(odd, "nnUNetTrainerV2_GN").contains("multiple of 8"))
  }
}

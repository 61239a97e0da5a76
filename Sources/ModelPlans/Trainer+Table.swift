/// The trainers of nnU-Net 1.7.1 (nnunet/training/network_training and its folders), each with what it changes for inference. A test
/// holds the table against nnU-Net's own classes.
extension Trainer {
  /// - Throws: `PlansError.unsupportedTrainer` for one that nnU-Net itself can't predict with, `PlansError.unknownTrainer` for a
  ///   name that nnU-Net doesn't have.
  public init(named name: String) throws(PlansError) {
    if let reason = Trainer.refusal(of: name) { throw .unsupportedTrainer(name: name, reason: reason) }
    if let trainer = Trainer.variants[name] {
      self = trainer
      self.name = name
    } else if Trainer.standard.contains(name) {
      self.init(name: name)
    } else {
      throw .unknownTrainer(name: name)
    }
  }

  /// Every name that the table has a word about, refused ones included.
  static var namesInTable: Set<String> {
    standard.union(variants.keys).union(withoutPrediction).union(distributed).union([
      networkTrainer, softDeepSupervision,
    ])
  }

  /// Instance normalisation, leaky ReLU, softmax, mirroring over every axis: they differ in training only.
  private static let standard: Set<String> = [
    "nnUNetTrainer", "nnUNetTrainerCE", "nnUNetTrainerV2", "nnUNetTrainerV2_Adam",
    "nnUNetTrainerV2_Adam_ReduceOnPlateau", "nnUNetTrainerV2_Adam_copy1", "nnUNetTrainerV2_Adam_copy2",
    "nnUNetTrainerV2_Adam_copy3", "nnUNetTrainerV2_Adam_copy4", "nnUNetTrainerV2_Adam_nnUNetTrainerlr",
    "nnUNetTrainerV2_DA2", "nnUNetTrainerV2_DA3", "nnUNetTrainerV2_DA5", "nnUNetTrainerV2_DP",
    "nnUNetTrainerV2_ForceBD", "nnUNetTrainerV2_ForceSD", "nnUNetTrainerV2_Loss_CE", "nnUNetTrainerV2_Loss_CEGDL",
    "nnUNetTrainerV2_Loss_Dice", "nnUNetTrainerV2_Loss_DiceCE_noSmooth", "nnUNetTrainerV2_Loss_DiceTopK10",
    "nnUNetTrainerV2_Loss_Dice_LR1en3", "nnUNetTrainerV2_Loss_Dice_squared", "nnUNetTrainerV2_Loss_DicewithBG",
    "nnUNetTrainerV2_Loss_DicewithBG_LR1en3", "nnUNetTrainerV2_Loss_MCC", "nnUNetTrainerV2_Loss_MCCnoBG",
    "nnUNetTrainerV2_Loss_TopK10", "nnUNetTrainerV2_Loss_TopK10_copy1", "nnUNetTrainerV2_Loss_TopK10_copy2",
    "nnUNetTrainerV2_Loss_TopK10_copy3", "nnUNetTrainerV2_Loss_TopK10_copy4", "nnUNetTrainerV2_Ranger_lr1en2",
    "nnUNetTrainerV2_Ranger_lr3en3", "nnUNetTrainerV2_Ranger_lr3en4", "nnUNetTrainerV2_SGD_ReduceOnPlateau",
    "nnUNetTrainerV2_SGD_fixedSchedule", "nnUNetTrainerV2_SGD_fixedSchedule2", "nnUNetTrainerV2_SGD_lr1en1",
    "nnUNetTrainerV2_SGD_lr1en3", "nnUNetTrainerV2_SegLoss_Focal", "nnUNetTrainerV2_copy1", "nnUNetTrainerV2_copy2",
    "nnUNetTrainerV2_copy3", "nnUNetTrainerV2_copy4", "nnUNetTrainerV2_cycleAtEnd", "nnUNetTrainerV2_cycleAtEnd2",
    "nnUNetTrainerV2_fp16", "nnUNetTrainerV2_fp32", "nnUNetTrainerV2_fullEvals",
    "nnUNetTrainerV2_graduallyTransitionFromCEToDice", "nnUNetTrainerV2_independentScalePerAxis",
    "nnUNetTrainerV2_insaneDA", "nnUNetTrainerV2_momentum09", "nnUNetTrainerV2_momentum095",
    "nnUNetTrainerV2_momentum098", "nnUNetTrainerV2_momentum09in2D", "nnUNetTrainerV2_noDeepSupervision",
    "nnUNetTrainerV2_reduceMomentumDuringTraining", "nnUNetTrainerV2_resample33", "nnUNetTrainerV2_warmup",
  ]

  /// What the others change.
  private static let variants: [String: Trainer] = {
    var variants: [String: Trainer] = [:]
    func add(_ names: [String], _ trainer: Trainer) {
      for name in names { variants[name] = trainer }
    }

    add(
      [
        "nnUNetTrainerCascadeFullRes", "nnUNetTrainerV2CascadeFullRes",
        "nnUNetTrainerV2CascadeFullRes_EducatedGuess", "nnUNetTrainerV2CascadeFullRes_EducatedGuess2",
        "nnUNetTrainerV2CascadeFullRes_EducatedGuess3", "nnUNetTrainerV2CascadeFullRes_lowerLR",
        "nnUNetTrainerV2CascadeFullRes_noConnComp", "nnUNetTrainerV2CascadeFullRes_shorter",
        "nnUNetTrainerV2CascadeFullRes_shorter_lowerLR", "nnUNetTrainerV2CascadeFullRes_smallerBinStrel",
      ], Trainer(name: "", isCascade: true))

    add(
      [
        "nnUNetTrainerV2_noMirroring", "nnUNetTrainerV2_noDataAugmentation",
        "nnUNetTrainerV2_noDataAugmentation_copy1", "nnUNetTrainerV2_noDataAugmentation_copy2",
        "nnUNetTrainerV2_noDataAugmentation_copy3", "nnUNetTrainerV2_noDataAugmentation_copy4",
      ], Trainer(name: "", mirroring: .notAllowed))
    add(["nnUNetTrainerNoDA"], Trainer(name: "", mirroring: .noAxes))

    // The BraTS regions: whole tumour, tumour core, enhancing tumour.
    let regions = [1, 2, 3]
    let batch = BlockDescription(normalization: .batch, activation: .leakyReLU(slope: 0.01))
    add(
      [
        "nnUNetTrainerV2BraTSRegions", "nnUNetTrainerV2BraTSRegions_Dice", "nnUNetTrainerV2BraTSRegions_DA3",
        "nnUNetTrainerV2BraTSRegions_DA3_BD",
      ], Trainer(name: "", regionsClassOrder: regions))
    add(
      [
        "nnUNetTrainerV2BraTSRegions_DA3_BN", "nnUNetTrainerV2BraTSRegions_DA3_BN_BD",
        "nnUNetTrainerV2BraTSRegions_DA4_BN", "nnUNetTrainerV2BraTSRegions_DA4_BN_BD",
      ], Trainer(name: "", regionsClassOrder: regions, block: batch))
    add(
      [
        "nnUNetTrainerV2_BN", "nnUNetTrainerV2_BN_copy1", "nnUNetTrainerV2_BN_copy2", "nnUNetTrainerV2_BN_copy3",
        "nnUNetTrainerV2_BN_copy4", "nnUNetTrainerV2_DA3_BN", "nnUNetTrainerV2_MMS",
        "nnUNetTrainerV2BraTSRegions_BN",  // in spite of its name: softmax over the classes
      ], Trainer(name: "", block: batch))

    func instance(_ activation: BlockDescription.Activation, _ order: BlockDescription.Order = .normalizationFirst)
      -> BlockDescription
    {
      BlockDescription(normalization: .instance, activation: activation, order: order)
    }
    add(
      ["nnUNetTrainerV2_GN"],
      Trainer(name: "", block: BlockDescription(normalization: .group(8), activation: .leakyReLU(slope: 0.01))))
    add(
      ["nnUNetTrainerV2_FRN"],
      Trainer(
        name: "", block: BlockDescription(normalization: .filterResponse, epsilon: 1e-6, activation: .none),
        isOnly3D: true))
    add(
      ["nnUNetTrainerV2_NoNormalization", "nnUNetTrainerV2_NoNormalization_lr1en3"],
      Trainer(name: "", block: BlockDescription(normalization: .none, activation: .leakyReLU(slope: 0.01))))
    add(["nnUNetTrainerV2_LReLU_slope_2en1"], Trainer(name: "", block: instance(.leakyReLU(slope: 0.2))))
    add(["nnUNetTrainerV2_ReLU"], Trainer(name: "", block: instance(.relu)))
    add(["nnUNetTrainerV2_ReLU_biasInSegOutput"], Trainer(name: "", block: instance(.relu), headHasBias: true))
    add(["nnUNetTrainerV2_lReLU_biasInSegOutput"], Trainer(name: "", headHasBias: true))
    add(["nnUNetTrainerV2_GeLU"], Trainer(name: "", block: instance(.gelu)))
    add(["nnUNetTrainerV2_Mish"], Trainer(name: "", block: instance(.mish)))
    add(["nnUNetTrainerV2_ReLU_convReLUIN"], Trainer(name: "", block: instance(.relu, .activationFirst)))
    add(
      ["nnUNetTrainerV2_lReLU_convReLUIN"],
      Trainer(name: "", block: instance(.leakyReLU(slope: 0.01), .activationFirst)))

    add(["nnUNetTrainerV2_allConv3x3"], Trainer(name: "", ignoresPlannedKernels: true))
    add(["nnUNetTrainerV2_3ConvPerStage"], Trainer(name: "", convolutionsPerStage: 3, baseFeatures: 24))
    add(["nnUNetTrainerV2_3ConvPerStageSameFilters"], Trainer(name: "", convolutionsPerStage: 3))

    add(
      [
        "nnUNetTrainerV2_ResencUNet", "nnUNetTrainerV2_ResencUNet_DA3", "nnUNetTrainerV2_ResencUNet_SimonsInit",
        "nnUNetTrainerV2_ResencUNet_SimonsInit_DA5",
      ], Trainer(name: "", headHasBias: true, hasResidualEncoder: true, isOnly3D: true))
    add(
      ["nnUNetTrainerV2_ResencUNet_DA3_BN"],
      Trainer(name: "", block: batch, headHasBias: true, hasResidualEncoder: true, isOnly3D: true))
    return variants
  }()

  /// The rest of a sentence that begins with the trainer's name, or `nil`.
  private static func refusal(of name: String) -> String? {
    if name == networkTrainer {
      return "is the abstract base of nnU-Net's trainers and never trains a model; is the '.model.pkl' damaged?"
    }
    if withoutPrediction.contains(name) {
      return "only measures how fast training is: nnU-Net saves no checkpoints of it and can't predict with it"
    }
    if distributed.contains(name) {
      return
        "nnU-Net itself can't predict with; rename it by nnUNet_change_trainer_class to the same trainer without _DDP, or pass that to --treat-as"
    }
    if name == softDeepSupervision {
      return "needs a loss function that nnU-Net 1.7.1 doesn't contain, so nnU-Net itself can't predict with it"
    }
    return nil
  }

  private static let networkTrainer = "NetworkTrainer"
  private static let softDeepSupervision = "nnUNetTrainerV2_softDeepSupervision"

  /// Benchmarks of nnU-Net's authors: prediction and saving are replaced by nothing.
  private static let withoutPrediction: Set<String> = [
    "nnUNetTrainerV2_2epochs", "nnUNetTrainerV2_5epochs", "nnUNetTrainerV2_5epochs_CEnoDS",
    "nnUNetTrainerV2_5epochs_noDS", "nnUNetTrainerV2_2epochs_dummyLoad", "nnUNetTrainerV2_5epochs_dummyLoad",
    "nnUNetTrainerV2_5epochs_dummyLoadCEnoDS",
  ]

  /// Their constructors join a group of processes on GPUs.
  private static let distributed: Set<String> = [
    "nnUNetTrainerV2_DDP", "nnUNetTrainerV2BraTSRegions_DDP", "nnUNetTrainerV2_DDP_5epochs",
    "nnUNetTrainerV2_DDP_5epochs_dummyLoad",
  ]
}

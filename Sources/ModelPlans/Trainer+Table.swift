/// The trainers of nnU-Net 1.7.1 (nnunet/training/network_training and its folder nnUNet_variants), each with what it changes.
extension Trainer {
  /// - Throws: `PlansError.unsupportedTrainer` for one whose network can't be run yet, `PlansError.unknownTrainer` for a name
  ///   that nnU-Net doesn't have.
  public init(named name: String) throws(PlansError) {
    if let reason = Trainer.refusal(of: name) { throw .unsupportedTrainer(name: name, reason: reason) }
    if Trainer.standard.contains(name) {
      self.init(name: name)
    } else if Trainer.cascades.contains(name) {
      self.init(name: name, isCascade: true)
    } else if Trainer.regions.contains(name) {
      // The BraTS regions: whole tumour, tumour core, enhancing tumour.
      self.init(name: name, regionsClassOrder: [1, 2, 3])
    } else if let special = Trainer.special[name] {
      self = special
      self.name = name
    } else {
      throw .unknownTrainer(name: name)
    }
  }

  /// Instance normalisation, leaky ReLU, softmax, mirroring over every axis: they differ in training only.
  private static let standard: Set<String> = [
    "nnUNetTrainer", "nnUNetTrainerCE", "nnUNetTrainerV2", "nnUNetTrainerV2_Adam",
    "nnUNetTrainerV2_Adam_ReduceOnPlateau", "nnUNetTrainerV2_Adam_nnUNetTrainerlr", "nnUNetTrainerV2_DA2",
    "nnUNetTrainerV2_DA3", "nnUNetTrainerV2_DA5", "nnUNetTrainerV2_DP", "nnUNetTrainerV2_ForceBD",
    "nnUNetTrainerV2_ForceSD", "nnUNetTrainerV2_Loss_CE", "nnUNetTrainerV2_Loss_CEGDL",
    "nnUNetTrainerV2_Loss_Dice", "nnUNetTrainerV2_Loss_DiceCE_noSmooth", "nnUNetTrainerV2_Loss_DiceTopK10",
    "nnUNetTrainerV2_Loss_Dice_LR1en3", "nnUNetTrainerV2_Loss_Dice_squared", "nnUNetTrainerV2_Loss_DicewithBG",
    "nnUNetTrainerV2_Loss_DicewithBG_LR1en3", "nnUNetTrainerV2_Loss_MCC", "nnUNetTrainerV2_Loss_MCCnoBG",
    "nnUNetTrainerV2_Loss_TopK10", "nnUNetTrainerV2_Ranger_lr1en2", "nnUNetTrainerV2_Ranger_lr3en3",
    "nnUNetTrainerV2_Ranger_lr3en4", "nnUNetTrainerV2_SGD_ReduceOnPlateau", "nnUNetTrainerV2_SGD_fixedSchedule",
    "nnUNetTrainerV2_SGD_fixedSchedule2", "nnUNetTrainerV2_SGD_lr1en1", "nnUNetTrainerV2_SGD_lr1en3",
    "nnUNetTrainerV2_SegLoss_Focal", "nnUNetTrainerV2_copy1", "nnUNetTrainerV2_copy2", "nnUNetTrainerV2_copy3",
    "nnUNetTrainerV2_copy4", "nnUNetTrainerV2_cycleAtEnd", "nnUNetTrainerV2_cycleAtEnd2", "nnUNetTrainerV2_fp16",
    "nnUNetTrainerV2_fp32", "nnUNetTrainerV2_fullEvals", "nnUNetTrainerV2_graduallyTransitionFromCEToDice",
    "nnUNetTrainerV2_independentScalePerAxis", "nnUNetTrainerV2_insaneDA", "nnUNetTrainerV2_momentum09",
    "nnUNetTrainerV2_momentum095", "nnUNetTrainerV2_momentum098", "nnUNetTrainerV2_momentum09in2D",
    "nnUNetTrainerV2_noDeepSupervision", "nnUNetTrainerV2_reduceMomentumDuringTraining",
    "nnUNetTrainerV2_resample33", "nnUNetTrainerV2_warmup",
  ]

  private static let cascades: Set<String> = [
    "nnUNetTrainerCascadeFullRes", "nnUNetTrainerV2CascadeFullRes", "nnUNetTrainerV2CascadeFullRes_EducatedGuess",
    "nnUNetTrainerV2CascadeFullRes_EducatedGuess2", "nnUNetTrainerV2CascadeFullRes_EducatedGuess3",
    "nnUNetTrainerV2CascadeFullRes_lowerLR", "nnUNetTrainerV2CascadeFullRes_noConnComp",
    "nnUNetTrainerV2CascadeFullRes_shorter", "nnUNetTrainerV2CascadeFullRes_shorter_lowerLR",
    "nnUNetTrainerV2CascadeFullRes_smallerBinStrel",
  ]

  private static let regions: Set<String> = [
    "nnUNetTrainerV2BraTSRegions", "nnUNetTrainerV2BraTSRegions_Dice", "nnUNetTrainerV2BraTSRegions_DA3",
    "nnUNetTrainerV2BraTSRegions_DA3_BD",
  ]

  /// Differences that the description of the network or of inference can express.
  private static let special: [String: Trainer] = [
    "nnUNetTrainerV2_noMirroring": Trainer(name: "", mirroring: .notAllowed),
    "nnUNetTrainerV2_noDataAugmentation": Trainer(name: "", mirroring: .notAllowed),
    "nnUNetTrainerNoDA": Trainer(name: "", mirroring: .noAxes),
    "nnUNetTrainerV2_LReLU_slope_2en1": Trainer(name: "", slope: 0.2),
    "nnUNetTrainerV2_lReLU_biasInSegOutput": Trainer(name: "", headHasBias: true),
    "nnUNetTrainerV2_allConv3x3": Trainer(name: "", ignoresPlannedKernels: true),
    "nnUNetTrainerV2_3ConvPerStage": Trainer(name: "", convolutionsPerStage: 3, baseFeatures: 24),
    "nnUNetTrainerV2_3ConvPerStageSameFilters": Trainer(name: "", convolutionsPerStage: 3),
  ]

  /// The rest of a sentence that begins with the trainer's name, or `nil`.
  private static func refusal(of name: String) -> String? {
    if unpredictable.contains(name) { return "nnU-Net itself can't predict with" }
    if name.hasPrefix("nnUNetTrainerV2"), name.contains("_DDP") {
      return
        "nnU-Net itself can't predict with; rename it by nnUNet_change_trainer_class to the same trainer without _DDP"
    }
    return networks[name].map { "builds a network with \($0), which this version can't run yet" }
  }

  private static let unpredictable: Set<String> = [
    "nnUNetTrainerV2_softDeepSupervision", "nnUNetTrainerV2_2epochs", "nnUNetTrainerV2_5epochs",
    "nnUNetTrainerV2_5epochs_CEnoDS", "nnUNetTrainerV2_5epochs_noDS", "nnUNetTrainerV2_2epochs_dummyLoad",
    "nnUNetTrainerV2_5epochs_dummyLoad", "nnUNetTrainerV2_5epochs_dummyLoadCEnoDS",
  ]

  private static let networks: [String: String] = {
    var networks: [String: String] = [
      "nnUNetTrainerV2_GN": "group normalisation",
      "nnUNetTrainerV2_FRN": "filter response normalisation",
      "nnUNetTrainerV2_NoNormalization": "no normalisation",
      "nnUNetTrainerV2_NoNormalization_lr1en3": "no normalisation",
      "nnUNetTrainerV2_ReLU": "ReLU", "nnUNetTrainerV2_ReLU_biasInSegOutput": "ReLU",
      "nnUNetTrainerV2_GeLU": "GELU", "nnUNetTrainerV2_Mish": "Mish",
      "nnUNetTrainerV2_ReLU_convReLUIN": "activation before normalisation",
      "nnUNetTrainerV2_lReLU_convReLUIN": "activation before normalisation",
    ]
    for name in [
      "nnUNetTrainerV2_BN", "nnUNetTrainerV2_DA3_BN", "nnUNetTrainerV2_MMS", "nnUNetTrainerV2BraTSRegions_BN",
      "nnUNetTrainerV2BraTSRegions_DA3_BN", "nnUNetTrainerV2BraTSRegions_DA3_BN_BD",
      "nnUNetTrainerV2BraTSRegions_DA4_BN", "nnUNetTrainerV2BraTSRegions_DA4_BN_BD",
    ] { networks[name] = "batch normalisation" }
    for name in [
      "nnUNetTrainerV2_ResencUNet", "nnUNetTrainerV2_ResencUNet_DA3", "nnUNetTrainerV2_ResencUNet_DA3_BN",
      "nnUNetTrainerV2_ResencUNet_SimonsInit", "nnUNetTrainerV2_ResencUNet_SimonsInit_DA5",
    ] { networks[name] = "residual blocks" }
    return networks
  }()
}

extension NetworkDescription {
  /// The largest number of features of a level: `Generic_UNet.MAX_NUM_FILTERS_3D`.
  private static let featureCap3D = 320
  /// `Generic_UNet.MAX_FILTERS_2D`.
  private static let featureCap2D = 480

  /// The network that `trainer` builds for a stage (nnUNetTrainerV2.initialize_network and Generic_UNet.__init__;
  /// nnUNetTrainerV2_ResencUNet.initialize_network and FabiansUNet.__init__).
  /// - Throws: `PlansError.noStage`, `PlansError.unsupportedTrainer` for 2D plans where nnU-Net has only a 3D network, and
  ///   `PlansError.invalid` or `.missing` where plans and trainer don't fit each other.
  public init(plans: Plans, stage number: Int, trainer: Trainer) throws(PlansError) {
    guard let stage = plans.stages[number] else {
      throw .noStage(wanted: "\(number)", available: plans.stages.keys.sorted())
    }
    try trainer.check(stage, number: number)
    let cap = stage.patch.count == 2 ? NetworkDescription.featureCap2D : NetworkDescription.featureCap3D
    // Doubling an integer needs no rounding. The first level is capped in networks with a residual encoder only.
    let base = trainer.baseFeatures ?? plans.baseFeatures
    var features = [trainer.hasResidualEncoder ? min(base, cap) : base]
    for _ in stage.poolKernels { features.append(min(2 * features[features.count - 1], cap)) }
    if case .group(let groups) = trainer.block.normalization,
      let odd = features.first(where: { !$0.isMultiple(of: groups) })
    {
      throw .invalid(
        entry: "plans.base_num_features",
        expected: "a multiple of \(groups), as group normalisation with \(groups) groups needs",
        found: "\(base), which gives a level of \(odd) features")
    }
    let three = [Int](repeating: 3, count: stage.patch.count)
    self.init(
      patch: stage.patch,
      inputChannels: plans.channelCount + (trainer.isCascade ? plans.foregroundClasses : 0),
      outputChannels: trainer.regionsClassOrder?.count ?? plans.foregroundClasses + 1,
      features: features,
      kernels: trainer.ignoresPlannedKernels
        ? [[Int]](repeating: three, count: features.count) : stage.convolutionKernels,
      strides: stage.poolKernels,
      blocksPerLevel: trainer.convolutionsPerStage ?? plans.convolutionsPerStage,
      residual: trainer.hasResidualEncoder ? stage.residual : nil,
      block: trainer.block,
      headHasBias: trainer.headHasBias,
      finalActivation: trainer.regionsClassOrder == nil ? .softmax : .sigmoid)
  }
}

extension Trainer {
  /// - Throws: where this trainer can't build a network from the stage's plans.
  fileprivate func check(_ stage: PlansStage, number: Int) throws(PlansError) {
    guard stage.patch.count == 3 || !isOnly3D else {
      throw .unsupportedTrainer(name: name, reason: "has no 2D network, neither in nnU-Net; its plans have a 2D patch")
    }
    let entry = "plans.plans_per_stage[\(number)].num_blocks_encoder"
    guard hasResidualEncoder == (stage.residual != nil) else {
      if hasResidualEncoder { throw .missing(entry: entry) }
      throw .invalid(
        entry: entry, expected: "absent, since '\(name)' has no residual encoder",
        found: "\(stage.residual!.encoderBlocks)")
    }
  }
}

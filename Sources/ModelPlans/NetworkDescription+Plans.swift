extension NetworkDescription {
  /// The largest number of features of a level: `Generic_UNet.MAX_NUM_FILTERS_3D`.
  private static let featureCap3D = 320
  /// `Generic_UNet.MAX_FILTERS_2D`.
  private static let featureCap2D = 480

  /// The network that `trainer` builds for a stage (nnUNetTrainerV2.initialize_network and Generic_UNet.__init__).
  /// - Throws: `PlansError.noStage`.
  public init(plans: Plans, stage number: Int, trainer: Trainer) throws(PlansError) {
    guard let stage = plans.stages[number] else {
      throw .noStage(wanted: "\(number)", available: plans.stages.keys.sorted())
    }
    let cap = stage.patch.count == 2 ? NetworkDescription.featureCap2D : NetworkDescription.featureCap3D
    // Doubling an integer needs no rounding; the first level isn't capped.
    var features = [trainer.baseFeatures ?? plans.baseFeatures]
    for _ in stage.poolKernels { features.append(min(2 * features[features.count - 1], cap)) }
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
      block: BlockDescription(
        normalization: .instance, epsilon: 1e-5, activation: .leakyReLU(slope: trainer.slope)),
      headHasBias: trainer.headHasBias,
      finalActivation: trainer.regionsClassOrder == nil ? .softmax : .sigmoid)
  }
}

public import ModelPlans
internal import Volumes

extension PreprocessingPlan {
  /// What the plans say about the input of one stage (`nnunet/training/network_training/nnUNetTrainer.py: preprocess_patient`).
  ///
  /// - Throws: `PreprocessingError.Code.unsupportedPlan` if the plans lack the stage, contradict themselves, or name a
  ///   preprocessor that isn't one of `PreprocessorVariant`.
  public init(plans: Plans, stage: Int) throws {
    guard let planned = plans.stages[stage] else {
      throw PreprocessingError(
        .unsupportedPlan,
        "preprocessing needs stage \(stage) of the plans, which have stages \(plans.stages.keys.sorted())")
    }
    guard let order = AxisOrder(order: plans.transposeForward) else {
      throw PreprocessingError(
        .unsupportedPlan, "transpose_forward must be a permutation of 0, 1, 2, found \(plans.transposeForward)")
    }
    let name = plans.preprocessorName
    let usual: PreprocessorVariant = planned.patch.count == 2 ? .generic2D : .generic3D
    guard let variant = name.map({ PreprocessorVariant(rawValue: $0) }) ?? usual else {
      throw PreprocessingError(
        .unsupportedPlan,
        """
        the plans ask for the preprocessor \(name ?? ""), which is not supported; supported are \
        \(PreprocessorVariant.allCases.map(\.rawValue).joined(separator: ", "))
        """)
    }
    let target = planned.currentSpacing
    guard target.count == 3,
      target.enumerated().allSatisfy({
        $1.isFinite && ($1 > 0 || $1 == 0 && $0 == 0 && variant.mayLeaveFirstAxis)
      })
    else {
      throw PreprocessingError(
        .unsupportedPlan, "current_spacing must be three positive lengths in mm, found \(target)")
    }
    self.init(
      transposeForward: order, targetSpacing: Spacing(target),
      channels: variant == .bytes2D
        ? [ChannelNormalization](repeating: ChannelNormalization(scheme: .bytes), count: plans.channelCount)
        : try (0..<plans.channelCount).map { try ChannelNormalization(plans: plans, channel: $0) },
      variant: variant)
  }
}

extension ChannelNormalization {
  fileprivate init(plans: Plans, channel: Int) throws {
    guard plans.normalizationSchemes.indices.contains(channel), plans.useMaskForNormalization.indices.contains(channel)
    else {
      throw PreprocessingError(.unsupportedPlan, "the plans have no normalization scheme for channel \(channel)")
    }
    let name = plans.normalizationSchemes[channel]
    let usesMask = plans.useMaskForNormalization[channel]
    func properties() throws -> IntensityProperties {
      if plans.intensityProperties.indices.contains(channel), let found = plans.intensityProperties[channel] {
        return found
      }
      throw PreprocessingError(
        .unsupportedPlan, "normalising channel \(channel) as \(name) needs intensity properties, the plans have none")
    }
    switch name {
    case "CT":
      let found = try properties()
      self.init(
        scheme: .ct(lower: found.percentile00_5, upper: found.percentile99_5, mean: found.mean, sd: found.sd),
        usesMask: usesMask)
    case "CT2":
      let found = try properties()
      self.init(scheme: .ct2(lower: found.percentile00_5, upper: found.percentile99_5), usesMask: usesMask)
    case "noNorm":
      self.init(scheme: .noNorm, usesMask: usesMask)
    default:
      self.init(scheme: .zScore, usesMask: usesMask)
    }
  }
}

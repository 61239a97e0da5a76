public import Kernels
public import Volumes

/// A training case as the network sees it.
public struct TrainingCase: Sendable {
  /// Float32 `[channel, …]`, the spatial axes in the network's order: resampled, normalised.
  public let volume: ChannelVolume
  /// Labels plus 1 on the same grid; 0 outside the nonzero region.
  public let labels: LabelVolume
  /// In mm, in the network's axis order.
  public let spacing: Spacing
}

/// Transposes, resamples and normalises a cropped case and its labels for training
/// (nnunet/preprocessing/preprocessing.py: GenericPreprocessor._run_internal, PreprocessorFor2D).
///
/// Labels are one more than nnU-Net's, so that its -1 (outside the nonzero region) is 0 here; their order, which decides ties, is the same.
/// The result doesn't depend on the number of threads.
public struct TrainingPreprocessor: Sendable {
  public let plan: PreprocessingPlan

  public init(plan: PreprocessingPlan) {
    self.plan = plan
  }

  /// - Parameters:
  ///   - image: `[channel, z, y, x]`, cropped to its nonzero part, in the file's axis order.
  ///   - labels: labels plus 1, 0 outside the nonzero region, on the same grid.
  ///   - spacing: mm, `[z, y, x]`.
  /// - Throws: `PreprocessingError`.
  public func run(
    image: ChannelVolume, labels: LabelVolume, spacing: Spacing, pool: ComputePool
  ) throws -> TrainingCase {
    guard image.channels == plan.channels.count, labels.extent == image.extent else {
      throw PreprocessingError(
        .channelCount,
        "the plans are for \(plan.channels.count) channel(s), the case has \(image.channels); plan the dataset again")
    }
    let original = plan.transposeForward.apply(spacing)
    let target = plan.variant.target(plan.targetSpacing, original: original)
    let extent = try Preprocessor.resampledExtent(
      plan.transposeForward.apply(image.extent), original: original, target: target)
    let policy = ResamplingPolicy.decide(
      original: original, target: target, forceSeparateZ: plan.variant.forceSeparateZ)
    let resampledLabels = try LabelResampler(policy: policy)
      .resize(labels.transposed(by: plan.transposeForward), to: extent, pool: pool)
    let result = ChannelVolume(
      channels: image.channels, extent: extent, storage: VoxelStorage(uninitialized: image.channels * extent.count))
    let resampler = VolumeResampler(
      order: plan.variant.order, orderZ: plan.variant.orderZ, policy: policy,
      replacesNaN: plan.variant.replacesNaN)
    let whole = VoxelBox(lower: Extent(z: 0, y: 0, x: 0), upper: image.extent)
    for (index, normalization) in plan.channels.enumerated() {
      try withExtendedLifetime(image) {
        let view = VolumeView(
          image.channel(index).baseAddress!, extent: image.extent, box: whole, order: plan.transposeForward)
        try resampler.resize(view, to: extent, into: result.channel(index), pool: pool)
      }
      try Normalizer(values: result.channel(index), mask: normalization.usesMask ? resampledLabels : nil, pool: pool)
        .run(normalization.scheme, channel: index)
    }
    return TrainingCase(volume: result, labels: resampledLabels, spacing: target)
  }
}

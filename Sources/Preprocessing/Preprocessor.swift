public import Kernels
public import Volumes

/// A case as the network sees it, and the way back.
public struct PreprocessedCase: Sendable {
  /// Float32 `[channel, …]`, the spatial axes in the network's order: cropped, resampled, normalised.
  public let volume: ChannelVolume
  public let properties: CaseProperties
}

/// Crops, transposes, resamples and normalises an image, as nnU-Net does before prediction
/// (`nnunet/preprocessing/preprocessing.py: preprocess_test_case`).
///
/// The result doesn't depend on the number of threads. At its peak a run holds, beside the image and the result, two float32
/// volumes of one channel and, where a channel uses the mask, one byte a voxel.
public struct Preprocessor: Sendable {
  public let plan: PreprocessingPlan

  public init(plan: PreprocessingPlan) {
    self.plan = plan
  }

  /// - Parameters:
  ///   - image: `[channel, z, y, x]` in the file's axis order.
  ///   - spacing: mm, `[z, y, x]`.
  /// - Throws: `PreprocessingError` if the channels don't fit the plan, the image is empty, or nothing finite comes out.
  public func run(image: ChannelVolume, spacing: Spacing, pool: ComputePool) throws -> PreprocessedCase {
    let properties = try properties(of: image, spacing: spacing)
    let extent = properties.resampledExtent
    let original = plan.transposeForward.apply(spacing)
    let policy = ResamplingPolicy.decide(
      original: original, target: properties.spacingAfterResampling,
      forceSeparateZ: plan.variant.forceSeparateZ)
    let mask = try mask(of: image, properties: properties, policy: policy, pool: pool)
    let result = ChannelVolume(
      channels: image.channels, extent: extent, storage: VoxelStorage(uninitialized: image.channels * extent.count))
    let resampler = VolumeResampler(
      order: plan.variant.order, orderZ: plan.variant.orderZ, policy: policy,
      replacesNaN: plan.variant.replacesNaN)
    for (index, normalization) in plan.channels.enumerated() {
      let channel = result.channel(index)
      try withExtendedLifetime(image) {
        let view = VolumeView(
          image.channel(index).baseAddress!, extent: image.extent, box: properties.cropBox,
          order: plan.transposeForward)
        try resampler.resize(view, to: extent, into: channel, pool: pool)
      }
      try Normalizer(values: channel, mask: normalization.usesMask ? mask : nil, pool: pool)
        .run(normalization.scheme, channel: index)
    }
    return PreprocessedCase(volume: result, properties: properties)
  }

  /// Extents, spacings and the crop, without computing a voxel of the result: what a run will need can be told before it starts.
  ///
  /// - Throws: as `run`.
  public func properties(of image: ChannelVolume, spacing: Spacing) throws -> CaseProperties {
    guard image.channels == plan.channels.count else {
      throw PreprocessingError(
        .channelCount,
        "the model takes \(plan.channels.count) channel(s), the case has \(image.channels); give one file for each channel"
      )
    }
    for axis in 0..<3 where !(spacing[axis].isFinite && spacing[axis] > 0) {
      throw PreprocessingError(.spacing, "the image's spacing must be positive, found \(spacing)")
    }
    guard let box = NonzeroRegion.box(of: image) else {
      throw PreprocessingError(
        .emptyImage, "cropping to the nonzero region found only zeros in all channels; check that the image has content"
      )
    }
    let original = plan.transposeForward.apply(spacing)
    let target = plan.variant.target(plan.targetSpacing, original: original)
    return CaseProperties(
      originalExtent: image.extent, originalSpacing: spacing, cropBox: box,
      resampledExtent: try resampledExtent(
        plan.transposeForward.apply(box.extent), original: original, target: target),
      spacingAfterResampling: target, transposeForward: plan.transposeForward)
  }

  private func resampledExtent(_ extent: Extent, original: Spacing, target: Spacing) throws -> Extent {
    guard let edge = plan.variant.shorterEdge else {
      return try Self.resampledExtent(extent, original: original, target: target)
    }
    // The slice is enlarged by edge / shorter edge, as if its voxels had that spacing; one slice is left, whatever the image has.
    let scale = Double(edge) / Double(min(extent.y, extent.x))
    let slice = try Self.resampledExtent(
      extent, original: Spacing(z: 1, y: scale, x: scale), target: Spacing(z: 1, y: 1, x: 1))
    return Extent(z: 1, y: slice.y, x: slice.x)
  }

  /// `round((original / target) * length)`, halves to even, all in the network's axis order.
  static func resampledExtent(_ extent: Extent, original: Spacing, target: Spacing) throws -> Extent {
    var result = extent
    var count = 1.0
    for axis in 0..<3 {
      let length = ((original[axis] / target[axis]) * Double(extent[axis])).rounded(.toNearestOrEven)
      count *= length
      guard length >= 1, count < Self.maximumVoxels else {
        throw PreprocessingError(
          .emptyResult,
          """
          resampling \(extent) voxels of \(original) to \(target) gives an axis of \(length) voxels; it must have at least 1, \
          and the volume fewer than 2^40; check the image's spacing
          """)
      }
      result[axis] = Int(length)
    }
    return result
  }

  /// More voxels than this are a mistake in a spacing, not an image.
  private static let maximumVoxels = 1_099_511_627_776.0

  /// The nonzero region on the network's grid, 1 inside, if any channel uses it.
  private func mask(of image: ChannelVolume, properties: CaseProperties, policy: ResamplingPolicy, pool: ComputePool)
    throws -> LabelVolume?
  {
    guard plan.channels.contains(where: { $0.usesMask && $0.scheme.looksAtMask }) else { return nil }
    let region = NonzeroRegion.mask(of: image).cropped(to: properties.cropBox).transposed(by: plan.transposeForward)
    return try MaskResampler(method: plan.variant.mask, policy: policy).resize(
      region, to: properties.resampledExtent, pool: pool)
  }
}

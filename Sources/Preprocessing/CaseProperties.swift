public import Volumes

/// What must be known of a case to bring a prediction back onto its image: the numbers of nnU-Net's `CASE.pkl`.
///
/// Extents and spacings are `[z, y, x]` of the image, except where the network's axis order is named.
public struct CaseProperties: Hashable, Sendable, Codable {
  /// `original_size_of_raw_data`.
  public var originalExtent: Extent
  /// `original_spacing`, mm.
  public var originalSpacing: Spacing
  /// `crop_bbox`: the box around the nonzero voxels.
  public var cropBox: VoxelBox
  /// `size_after_resampling`, in the network's axis order.
  public var resampledExtent: Extent
  /// `spacing_after_resampling`, mm, in the network's axis order.
  public var spacingAfterResampling: Spacing
  /// The network's axis `i` is the image's axis `transposeForward.order[i]`.
  public var transposeForward: AxisOrder

  /// `size_after_cropping`.
  public var croppedExtent: Extent { cropBox.extent }
  /// The image's axis `i` is the network's axis `transposeBackward.order[i]`.
  public var transposeBackward: AxisOrder { transposeForward.inverse }

  public init(
    originalExtent: Extent, originalSpacing: Spacing, cropBox: VoxelBox, resampledExtent: Extent,
    spacingAfterResampling: Spacing, transposeForward: AxisOrder
  ) {
    self.originalExtent = originalExtent
    self.originalSpacing = originalSpacing
    self.cropBox = cropBox
    self.resampledExtent = resampledExtent
    self.spacingAfterResampling = spacingAfterResampling
    self.transposeForward = transposeForward
  }
}

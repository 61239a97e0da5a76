public import Preprocessing
public import Volumes

extension CaseProperties {
  /// The properties that an image without a zero border would have: known from its header alone, and an upper bound.
  /// - Parameters:
  ///   - extent: the image's, `[z, y, x]`.
  ///   - spacing: the image's, in mm.
  public static func uncropped(extent: Extent, spacing: Spacing, plan: PreprocessingPlan) -> CaseProperties {
    let axes = plan.transposeForward
    let (turned, original) = (axes.apply(extent), axes.apply(spacing))
    var target = plan.targetSpacing
    if plan.variant == .generic2D { target.z = original.z }
    if plan.variant == .unresampled3D { target = original }
    let lengths = (0..<3).map { axis in
      let length = (original[axis] / target[axis] * Double(turned[axis])).rounded(.toNearestOrEven)
      return length.isFinite ? Int(min(max(length, 1), Double(Int32.max))) : 1
    }
    return CaseProperties(
      originalExtent: extent, originalSpacing: spacing,
      cropBox: VoxelBox(lower: Extent(z: 0, y: 0, x: 0), upper: extent), resampledExtent: Extent(lengths),
      spacingAfterResampling: target, transposeForward: axes)
  }
}

public import ModelPlans
public import Preprocessing
internal import Volumes

/// How class probabilities get from the network's grid to the cropped image's: the interpolation order along each axis.
public struct ExportInterpolation: Hashable, Sendable {
  /// Along each axis of the network's order: 1 is linear, 0 takes the nearest sample.
  public let orders: [Int]

  /// What nnU-Net does (nnunet/inference/segmentation_export.py): linear, but nearest along the coarse axis where slices are resampled
  /// separately.
  ///
  /// Where the image's spacing isn't anisotropic but the network's is, nnU-Net takes the coarse axis of the network's spacing,
  /// **which is in the network's axis order, as an axis of the image**. With permuted axes that is the wrong one, and must be here too.
  /// - Throws: `InferenceError.Code.unsupportedModel` for orders that no planner of nnU-Net writes.
  public init(_ properties: CaseProperties, parameters: ExportParameters) throws {
    let policy = ResamplingPolicy.decide(
      original: properties.originalSpacing, target: properties.spacingAfterResampling,
      forceSeparateZ: parameters.forceSeparateZ)
    let orderZ = if case .separate = policy { parameters.orderZ } else { 0 }
    guard (0...1).contains(parameters.order), orderZ == 0 else {
      throw InferenceError(
        .unsupportedModel,
        "Exporting supports interpolation of order 0 or 1, and 0 between separate slices; the plans' "
          + "segmentation_export_params ask for \(parameters.order) and \(parameters.orderZ).")
    }
    orders =
      switch policy {
      case .isotropic: [parameters.order, parameters.order, parameters.order]
      case .separate(let axis): properties.transposeForward.order.map { $0 == axis ? 0 : parameters.order }
      }
  }
}

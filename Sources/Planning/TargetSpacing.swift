/// The spacing to which all cases are resampled (`get_target_spacing`), in mm, `[z, y, x]` of the image.
struct TargetSpacing {
  var target: [Double]
  var reason: String

  /// - Parameter mayRefineCoarseAxis: 3D v2.1 takes the 10th percentile along an axis that is coarse and short.
  init(_ fingerprint: DatasetFingerprint, mayRefineCoarseAxis: Bool) {
    let spacings = fingerprint.cases.map(\.spacing)
    func middle(_ values: [Double]) -> Double { Quantile.percentile(50, ofSorted: values) }
    target = Quantile.along(spacings, middle)
    reason = "target spacing \(target.millimetres): the median of \(spacings.count) cases along each axis"
    guard mayRefineCoarseAxis else { return }

    let extents = Quantile.along(fingerprint.cases.map { $0.extent.map(Double.init) }, middle)
    let worst = target.firstIndex(of: target.max() ?? 0) ?? 0
    let others = (0..<3).filter { $0 != worst }
    let coarsestOther = others.map { target[$0] }.max() ?? 0
    let shortestOther = others.map { extents[$0] }.min() ?? 0
    let threshold = PlannerSettings.anisotropyThreshold
    guard target[worst] > threshold * coarsestOther, extents[worst] * threshold < shortestOther else { return }
    var refined = Quantile.percentile(10, ofSorted: spacings.map { $0[worst] }.sorted())
    if refined < coarsestOther { refined = max(coarsestOther, refined) + 1e-5 }
    target[worst] = refined
    reason =
      "target spacing \(target.millimetres): the median of \(spacings.count) cases along each axis, but the 10th percentile along axis "
      + "\(worst), which is more than 3 times coarser and shorter than the others"
  }
}

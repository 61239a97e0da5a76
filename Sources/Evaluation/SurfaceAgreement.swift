public import Kernels
public import LabelShapes
public import Volumes

/// How far apart the surfaces of one label are, in a prediction and in its reference.
public struct SurfaceAgreement: Hashable, Sendable {
  /// mm.
  public let hausdorffDistance95: Double
  /// mm.
  public let averageSymmetricSurfaceDistance: Double
  /// A share from 0 to 1.
  public let surfaceDice: Double

  /// - Parameters:
  ///   - prediction, reference: not empty, in one box.
  ///   - spacing, tolerance: in mm.
  public init(
    prediction: LabelSurface, reference: LabelSurface, spacing: Spacing, tolerance: Double, pool: ComputePool
  ) {
    let toReference = SurfaceDistances(to: reference, spacing: spacing, pool: pool).distances(of: prediction)
    let toPrediction = SurfaceDistances(to: prediction, spacing: spacing, pool: pool).distances(of: reference)
    self.init(toReference: toReference, toPrediction: toPrediction, tolerance: tolerance)
  }

  /// From the distances in mm of each surface's voxels to the other surface; none of the two is empty.
  init(toReference: [Double], toPrediction: [Double], tolerance: Double) {
    var all = toReference + toPrediction
    averageSymmetricSurfaceDistance = Means.mean(all)
    surfaceDice = Double(all.count { $0 <= tolerance }) / Double(all.count)
    all.sort()
    hausdorffDistance95 = Self.percentile(0.95, of: all)
  }

  /// Numpy's default: linear between the two nearest of the sorted values.
  static func percentile(_ share: Double, of sorted: [Double]) -> Double {
    let place = Double(sorted.count - 1) * share
    let lower = Int(place)
    let (a, b) = (sorted[lower], sorted[min(lower + 1, sorted.count - 1)])
    let fraction = place - Double(lower)
    return fraction < 0.5 ? a + (b - a) * fraction : b - (b - a) * (1 - fraction)
  }
}

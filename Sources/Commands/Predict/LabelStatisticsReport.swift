internal import FleetContracts

/// What was measured of a label, as JSON; keys are written in snake case, axes are x, y, z. What has no value is `null`.
struct LabelStatisticsReport: Encodable {
  private let details: LabelDetails

  init(_ details: LabelDetails) { self.details = details }

  private enum Key: String, CodingKey {
    case boxLowerVoxel, boxUpperVoxel, boxLowerMm, boxUpperMm, centroidVoxel, centroidMm, surfaceMm2 = "surfaceMm2"
    case components, largestComponentMl, touchesBorder, isPreliminary, meanConfidence, meanEntropy, intensities
  }

  private struct Intensity: Encodable {
    var channel: Int
    var mean: Double
    var sd: Double
    var min: Double
    var max: Double
    var p05: Double
    var p50: Double
    var p95: Double
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(details.box?.lowerVoxel, forKey: .boxLowerVoxel)
    try container.encode(details.box?.upperVoxel, forKey: .boxUpperVoxel)
    try container.encode(details.box?.lowerMm, forKey: .boxLowerMm)
    try container.encode(details.box?.upperMm, forKey: .boxUpperMm)
    try container.encode(details.centroidVoxel, forKey: .centroidVoxel)
    try container.encode(details.centroidMm, forKey: .centroidMm)
    try container.encode(details.surfaceMm2, forKey: .surfaceMm2)
    try container.encode(details.components, forKey: .components)
    try container.encode(details.largestComponentMl, forKey: .largestComponentMl)
    try container.encode(details.touchesBorder, forKey: .touchesBorder)
    try container.encode(details.isPreliminary, forKey: .isPreliminary)
    try container.encode(details.meanConfidence, forKey: .meanConfidence)
    try container.encode(details.meanEntropy, forKey: .meanEntropy)
    try container.encode(
      details.intensities.map {
        Intensity(
          channel: $0.channel, mean: $0.mean, sd: $0.sd, min: $0.min, max: $0.max, p05: $0.p05, p50: $0.p50, p95: $0.p95
        )
      }, forKey: .intensities)
  }
}

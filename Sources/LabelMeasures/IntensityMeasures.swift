/// What one channel of the image has where a label is, in the image's own unit (HU for CT).
public struct IntensityMeasures: Hashable, Sendable {
  public var mean: Double
  /// Of the voxels themselves, not an estimate from them: the square root of the mean squared difference from the mean.
  public var standardDeviation: Double
  public var minimum: Double
  public var maximum: Double
  /// Percentiles, linear between the two nearest values, as numpy's default has it.
  public var p05: Double
  public var p50: Double
  public var p95: Double

  public init(
    mean: Double, standardDeviation: Double, minimum: Double, maximum: Double, p05: Double, p50: Double, p95: Double
  ) {
    self.mean = mean
    self.standardDeviation = standardDeviation
    self.minimum = minimum
    self.maximum = maximum
    self.p05 = p05
    self.p50 = p50
    self.p95 = p95
  }
}

/// Seven numbers about a sample of intensities (`DatasetAnalyzer._compute_stats`).
public struct IntensityStatistics: Hashable, Sendable {
  public var median: Double
  public var mean: Double
  /// Standard deviation of the population.
  public var sd: Double
  public var minimum: Double
  public var maximum: Double
  // swift-format-ignore: AlwaysUseLowerCamelCase
  // (an underscore stands for the decimal point, as in nnU-Net's own name)
  public var percentile99_5: Double
  // swift-format-ignore: AlwaysUseLowerCamelCase
  public var percentile00_5: Double

  // swift-format-ignore: AlwaysUseLowerCamelCase
  public init(
    median: Double, mean: Double, sd: Double, minimum: Double, maximum: Double, percentile99_5: Double,
    percentile00_5: Double
  ) {
    self.median = median
    self.mean = mean
    self.sd = sd
    self.minimum = minimum
    self.maximum = maximum
    self.percentile99_5 = percentile99_5
    self.percentile00_5 = percentile00_5
  }

  /// Of `values`; all are NaN when there are none. Sums are formed in double precision, where nnU-Net's are float32: they agree to
  /// about 1e-6 of their value.
  public init(of values: [Float]) {
    guard !values.isEmpty else {
      (median, mean, sd, minimum, maximum) = (.nan, .nan, .nan, .nan, .nan)
      (percentile99_5, percentile00_5) = (.nan, .nan)
      return
    }
    let sorted = values.map(Double.init).sorted()
    let mean = sorted.reduce(0, +) / Double(sorted.count)
    self.mean = mean
    sd = (sorted.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(sorted.count)).squareRoot()
    median = Quantile.median(ofSorted: sorted)
    minimum = sorted[0]
    maximum = sorted[sorted.count - 1]
    percentile99_5 = Quantile.percentile(99.5, ofSorted: sorted)
    percentile00_5 = Quantile.percentile(0.5, ofSorted: sorted)
  }
}

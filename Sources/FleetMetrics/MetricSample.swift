/// A value read at the moment of asking, such as a count in the ledger: no process keeps it up to date.
public struct MetricSample: Hashable, Sendable {
  public var family: MetricFamily
  /// In the order of the family's labels.
  public var labels: [String]
  public var value: Double

  public init(_ family: MetricFamily, _ labels: String..., value: Double) {
    self.family = family
    self.labels = labels
    self.value = value
  }
}

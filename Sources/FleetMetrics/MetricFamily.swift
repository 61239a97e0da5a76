internal import Metrics

/// A metric by its name in Prometheus, with its labels; emitting goes through swift-metrics, so whoever watches decides what becomes of it.
///
/// ```swift
/// FleetMetrics.tiles.increment("accepted")
/// FleetMetrics.tilePhaseSeconds.observe(4.2, "infer")
/// ```
/// Label values come from small, fixed sets: never a run, a tile, a patient.
public struct MetricFamily: Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    /// Only grows, until the process starts anew. The name ends in `_total`.
    case counter
    case gauge
    /// Counts of values up to each of the bounds, which ascend, in the family's unit.
    case histogram(bounds: [Double])
  }

  /// In base units: seconds, bytes, shares from 0 to 1.
  public var name: String
  public var kind: Kind
  /// One sentence with the unit.
  public var help: String
  /// Names of the labels, in the order in which values are given.
  public var labels: [String]

  public init(_ name: String, _ kind: Kind, _ help: String, labels: [String] = []) {
    self.name = name
    self.kind = kind
    self.help = help
    self.labels = labels
  }

  /// Adds to a counter.
  public func increment(by amount: Double = 1, _ values: String...) {
    FloatingPointCounter(label: name, dimensions: dimensions(values)).increment(by: amount)
  }

  /// Sets a gauge.
  public func set(_ value: Double, _ values: String...) {
    Gauge(label: name, dimensions: dimensions(values)).record(value)
  }

  /// Counts a value in a histogram.
  public func observe(_ value: Double, _ values: String...) {
    Recorder(label: name, dimensions: dimensions(values), aggregate: true).record(value)
  }

  /// Counts a duration in a histogram of seconds.
  public func observe(_ duration: Duration, _ values: String...) {
    Recorder(label: name, dimensions: dimensions(values), aggregate: true).record(duration / .seconds(1))
  }

  /// Counts how long `body` takes, when it succeeds, in a histogram of seconds.
  public func measure<Result>(_ values: String..., body: () async throws -> Result) async rethrows -> Result {
    let start = ContinuousClock.now
    let result = try await body()
    Recorder(label: name, dimensions: dimensions(values), aggregate: true)
      .record((ContinuousClock.now - start) / .seconds(1))
    return result
  }

  private func dimensions(_ values: [String]) -> [(String, String)] { Array(zip(labels, values)) }
}

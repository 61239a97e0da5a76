public import FleetMetrics
public import Metrics
internal import Synchronization

/// Keeps what a process counts, for Prometheus to fetch: the receiving side of swift-metrics.
///
/// Only families that were announced are kept, and of each only so many combinations of label values, so that neither a library nor a
/// mistake of ours fills the memory.
public final class MetricsRegistry: MetricsFactory {
  /// Combinations of label values that are kept of a family; further ones are dropped.
  public static let largestFamily = 1000

  private let families: [String: MetricFamily]
  private let order: [String]
  private let series = Mutex<[String: [[String]: Series]]>([:])

  public init(_ families: [MetricFamily]) {
    self.families = Dictionary(families.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    order = families.map(\.name)
  }

  /// What has been counted, in the order of the families; those that nothing was counted of are there without series.
  func snapshot() -> [(family: MetricFamily, series: [(labels: [String], state: Series.State)])] {
    let series = series.withLock { $0 }
    return order.compactMap { name in
      families[name].map { family in
        let sorted = (series[name] ?? [:]).sorted { $0.key.lexicographicallyPrecedes($1.key) }
        return (family, sorted.map { ($0.key, $0.value.state) })
      }
    }
  }

  /// The series of these label values; one that leads nowhere when the family isn't known or is of another kind.
  private func find(_ name: String, _ dimensions: [(String, String)], _ fits: (MetricFamily.Kind) -> Bool) -> Series {
    guard let family = families[name], fits(family.kind) else { return Series(.counter) }
    let given = Dictionary(dimensions, uniquingKeysWith: { first, _ in first })
    let labels = family.labels.map { given[$0] ?? "" }
    return series.withLock { series in
      if let known = series[name]?[labels] { return known }
      let new = Series(family.kind)
      if series[name, default: [:]].count < Self.largestFamily { series[name, default: [:]][labels] = new }
      return new
    }
  }

  private func isHistogram(_ kind: MetricFamily.Kind) -> Bool {
    if case .histogram = kind { true } else { false }
  }

  public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    find(label, dimensions) { $0 == .counter }
  }

  public func makeFloatingPointCounter(
    label: String, dimensions: [(String, String)]
  ) -> any FloatingPointCounterHandler {
    find(label, dimensions) { $0 == .counter }
  }

  public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    find(label, dimensions) { $0 == .gauge }
  }

  public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
    find(label, dimensions) { aggregate ? isHistogram($0) : $0 == .gauge }
  }

  public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    find(label, dimensions, isHistogram)
  }

  // What was counted stays: a handle that goes away has counted all the same.
  public func destroyCounter(_ handler: any CounterHandler) {}
  public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
  public func destroyMeter(_ handler: any MeterHandler) {}
  public func destroyRecorder(_ handler: any RecorderHandler) {}
  public func destroyTimer(_ handler: any TimerHandler) {}
}

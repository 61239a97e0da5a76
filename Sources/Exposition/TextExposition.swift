public import FleetMetrics

/// Metrics as Prometheus reads them: the text format, version 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats).
public enum TextExposition {
  public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  /// - Parameter samples: values that were read just now, beside those that `registry` keeps.
  public static func text(_ registry: MetricsRegistry, samples: [MetricSample] = []) -> String {
    var text = ""
    let read = Dictionary(grouping: samples, by: \.family.name)
    for (family, series) in registry.snapshot() {
      let values =
        series.map { ($0.labels, $0.state) }
        + (read[family.name] ?? []).map { ($0.labels, Series.State(value: $0.value)) }
      guard !values.isEmpty else { continue }
      text += "# HELP \(family.name) \(escaped(family.help))\n# TYPE \(family.name) \(typeName(family.kind))\n"
      for (labels, state) in values { append(state, labels, of: family, to: &text) }
    }
    return text
  }

  private static func append(
    _ state: Series.State, _ values: [String], of family: MetricFamily, to text: inout String
  ) {
    let labels = Array(zip(family.labels, values))
    guard case .histogram(let bounds) = family.kind, state.buckets.count == bounds.count + 1 else {
      text += "\(family.name)\(labelText(labels)) \(number(state.value))\n"
      return
    }
    var count: UInt64 = 0
    for (bucket, bound) in zip(state.buckets, bounds + [.infinity]) {
      count += bucket
      text += "\(family.name)_bucket\(labelText(labels + [("le", number(bound))])) \(count)\n"
    }
    text += "\(family.name)_sum\(labelText(labels)) \(number(state.value))\n"
    text += "\(family.name)_count\(labelText(labels)) \(count)\n"
  }

  private static func typeName(_ kind: MetricFamily.Kind) -> String {
    switch kind {
    case .counter: "counter"
    case .gauge: "gauge"
    case .histogram: "histogram"
    }
  }

  private static func labelText(_ labels: [(String, String)]) -> String {
    labels.isEmpty
      ? "" : "{" + labels.map { "\($0)=\"\(escaped($1, quotes: true))\"" }.joined(separator: ",") + "}"
  }

  /// Backslash and line feed, and quotation marks in label values. By scalars: to Swift, a carriage return with its line feed is one character.
  private static func escaped(_ text: String, quotes: Bool = false) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": result.append(contentsOf: "\\\\".unicodeScalars)
      case "\n": result.append(contentsOf: "\\n".unicodeScalars)
      case "\"" where quotes: result.append(contentsOf: "\\\"".unicodeScalars)
      default: result.append(scalar)
      }
    }
    return String(result)
  }

  /// As Go reads numbers: whole ones without a fraction, `+Inf`.
  static func number(_ value: Double) -> String {
    if value == .infinity { return "+Inf" }
    if value == -.infinity { return "-Inf" }
    if value.isNaN { return "NaN" }
    if let whole = Int64(exactly: value), abs(whole) < 1 << 53 { return "\(whole)" }
    return "\(value)"
  }
}

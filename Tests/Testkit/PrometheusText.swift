import Foundation

/// A reader of Prometheus' text format that forgives nothing, as an opinion apart from the writer's.
///
/// Checks what the format demands: a HELP and a TYPE line before each family's samples, families in one piece, no series twice, buckets that
/// grow up to `+Inf` and agree with the count.
public struct PrometheusText {
  public struct Sample: Hashable {
    public var name: String
    public var labels: [String: String]
    public var value: Double
  }

  public struct Malformed: Error, CustomStringConvertible {
    public var description: String
  }

  public private(set) var types: [String: String] = [:]
  public private(set) var samples: [Sample] = []

  public init(_ text: String) throws {
    guard text.isEmpty || text.hasSuffix("\n") else { throw Malformed(description: "the last line has no end") }
    var family = ""
    var seen: Set<String> = []
    for line in text.unicodeScalars.split(separator: "\n").map(String.init) {
      if line.hasPrefix("# HELP ") {
        family = String(line.split(separator: " ", maxSplits: 3)[2])
        guard types[family] == nil else { throw Malformed(description: "\(family) comes twice") }
      } else if line.hasPrefix("# TYPE ") {
        let words = line.split(separator: " ").map(String.init)
        guard words.count == 4, words[2] == family, ["counter", "gauge", "histogram"].contains(words[3]) else {
          throw Malformed(description: "not understood: \(line)")
        }
        types[family] = words[3]
      } else {
        let sample = try Self.sample(line)
        let suffixes = types[family] == "histogram" ? ["_bucket", "_sum", "_count"] : [""]
        guard suffixes.contains(where: { sample.name == family + $0 }) else {
          throw Malformed(description: "\(sample.name) doesn't belong to \(family)")
        }
        let key = sample.name + sample.labels.sorted { $0.key < $1.key }.description
        guard seen.insert(key).inserted else { throw Malformed(description: "twice: \(line)") }
        samples.append(sample)
      }
    }
    for (family, type) in types where type == "histogram" { try checkBuckets(of: family) }
  }

  /// The value of a series; `nil` when it isn't there.
  public func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
    samples.first { $0.name == name && $0.labels == labels }?.value
  }

  private func checkBuckets(of family: String) throws {
    let buckets = samples.filter { $0.name == family + "_bucket" }
    for (labels, group) in Dictionary(
      grouping: buckets, by: { $0.labels.filter { $0.key != "le" } })
    {
      let bounds = group.compactMap { $0.labels["le"].flatMap(Self.number) }
      guard bounds.count == group.count, bounds == bounds.sorted(), bounds.last == .infinity,
        group.map(\.value) == group.map(\.value).sorted(),
        value(family + "_count", labels) == group.last?.value, value(family + "_sum", labels) != nil
      else { throw Malformed(description: "the buckets of \(family) \(labels) don't agree") }
    }
  }

  private static func number(_ text: String) -> Double? {
    switch text {
    case "+Inf": .infinity
    case "-Inf": -.infinity
    default: Double(text)
    }
  }

  private static func sample(_ line: String) throws -> Sample {
    guard let match = line.wholeMatch(of: /([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)/),
      let value = number(String(match.3))
    else { throw Malformed(description: "not understood: \(line)") }
    var labels: [String: String] = [:]
    var rest = match.2 ?? ""
    while !rest.isEmpty {
      guard let label = rest.prefixMatch(of: /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"(?:,|$)/),
        labels[String(label.1)] == nil
      else { throw Malformed(description: "labels not understood: \(line)") }
      labels[String(label.1)] = String(label.2).replacing("\\n", with: "\n").replacing("\\\"", with: "\"")
        .replacing("\\\\", with: "\\")
      rest = rest[label.range.upperBound...]
    }
    return Sample(name: String(match.1), labels: labels, value: value)
  }
}

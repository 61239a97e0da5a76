import Evaluation
import Foundation
import Kernels
import PythonJSON
import Testing
import Testkit
import Volumes

/// What nnU-Net's metrics (1.7.1, with MedPy 0.5.2 for surfaces) made of small maps; see Tests/Fixtures/README.md.
@Suite struct NnunetVectorsTests {
  struct Vector: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var prediction: LabelVolume
    var reference: LabelVolume
    var spacing: Spacing
    var tolerance: Double
    /// By label, then by metric.
    var expected: [String: JSONValue]

    init(_ value: JSONValue) throws {
      testDescription = try #require(value["name"]?.string)
      let extent = Extent(try #require(value["extent"]?.array).compactMap(\.integer))
      func map(_ key: String) throws -> LabelVolume {
        let map = LabelVolume(extent: extent)
        _ = map.elements.update(fromContentsOf: try #require(value[key]?.string).utf8.map { $0 - 48 })
        return map
      }
      prediction = try map("prediction")
      reference = try map("reference")
      spacing = Spacing(try #require(value["spacing"]?.array).compactMap(\.number))
      tolerance = try #require(value["tolerance"]?.number)
      expected = try #require(value["expected"]?.object)
    }

    static let all: [Vector] = {
      do {
        let file = Fixtures.directory.appending(path: "evaluation/vectors.json")
        return try (JSONValue(parsing: try Data(contentsOf: file)).array ?? []).map(Vector.init)
      } catch {
        Issue.record(error)
        return []
      }
    }()
  }

  @Test func thereAreVectors() { #expect(Vector.all.count == 6) }

  /// Overlaps to the bit; distances to 1e-9 mm, since the order of float64 additions may differ.
  @Test(arguments: Vector.all, [1, 2]) func valuesAreNnunets(vector: Vector, threads: Int) throws {
    let labels = vector.expected.keys.compactMap { Int($0) }
    let evaluation = try CaseEvaluation(
      prediction: vector.prediction, reference: vector.reference, spacing: vector.spacing, labels: labels,
      surfaces: .init(tolerance: vector.tolerance), pool: ComputePool(threads: threads))
    var compared = 0
    for label in labels {
      let expected = try #require(vector.expected[String(label)]?.object)
      for metric in OverlapMetric.allCases {
        let (ours, theirs) = (evaluation.confusion(of: label)[metric], try #require(expected[metric.rawValue]?.number))
        #expect(ours == theirs || ours.isNaN && theirs.isNaN, "\(metric) of \(label): \(ours), expected \(theirs)")
        compared += 1
      }
      for metric in SurfaceMetric.allCases {
        guard let theirs = expected[metric.rawValue]?.number else { continue }
        let ours = evaluation.value(of: metric, label: label)
        #expect(
          abs(ours - theirs) <= 1e-9 || ours.isNaN && theirs.isNaN, "\(metric) of \(label): \(ours), expected \(theirs)"
        )
        compared += 1
      }
    }
    #expect(compared == labels.count * 17)
  }

  @Test func meansHaveNumpysBits() throws {
    let file = Fixtures.directory.appending(path: "evaluation/means.json")
    let json = try JSONValue(parsing: try Data(contentsOf: file))
    let values = try #require(json["values"]?.array).compactMap(\.number)
    for row in try #require(json["means"]?.array).compactMap(\.array) {
      let count = try #require(row[0].integer)
      let first = Array(values.prefix(count))
      let withGaps = first.enumerated().map { $0.offset % 5 == 0 ? .nan : $0.element }
      #expect(Means.mean(first) == row[1].number)
      let (ours, theirs) = (Means.ofValues(withGaps), try #require(row[2].number))
      #expect(ours == theirs || ours.isNaN && theirs.isNaN)
    }
  }
}

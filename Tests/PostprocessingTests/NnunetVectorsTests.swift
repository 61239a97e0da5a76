import Foundation
import Postprocessing
import PythonJSON
import Testing
import Testkit
import Volumes

/// What nnU-Net's `remove_all_but_the_largest_connected_component` (1.7.1, SciPy 1.17) made of small maps; see Tests/Fixtures/README.md.
@Suite struct NnunetVectorsTests {
  struct Vector: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var labels: [UInt8]
    /// `nil` where nnU-Net raises an error.
    var expected: [UInt8]?
    var extent: Extent
    var spacing: Spacing
    var rules: Data

    /// Labels are digits.
    init(_ value: JSONValue) throws {
      testDescription = try #require(value["name"]?.string)
      labels = try #require(value["input"]?.string).utf8.map { $0 - 48 }
      expected = value["expected"]?.string.map { $0.utf8.map { $0 - 48 } }
      extent = Extent(try #require(value["extent"]?.array).compactMap(\.integer))
      spacing = Spacing(try #require(value["spacing"]?.array).compactMap(\.number))
      rules = Data(try #require(value["rules"]).serialized())
    }

    static let all: [Vector] = {
      do {
        let file = Fixtures.directory.appending(path: "postprocessing/vectors.json")
        return try (JSONValue(parsing: try Data(contentsOf: file)).array ?? []).map(Vector.init)
      } catch {
        Issue.record(error)
        return []
      }
    }()
  }

  @Test func thereAreVectors() { #expect(Vector.all.count == 14) }

  @Test(arguments: Vector.all) func labelsAreNnunets(vector: Vector) throws {
    let labels = LabelVolume(extent: vector.extent)
    _ = labels.elements.update(fromContentsOf: vector.labels)
    let rules = try PostprocessingRules(json: vector.rules)
    guard let expected = vector.expected else {
      #expect(throws: PostprocessingError.self) { try rules.apply(to: labels, spacing: vector.spacing) }
      return
    }
    let outcomes = try rules.apply(to: labels, spacing: vector.spacing)
    #expect(labels.elements.elementsEqual(expected))
    let removed = zip(vector.labels, expected).count { $0 != $1 }
    // A region with background "removes" background from itself, which changes nothing.
    if !outcomes.contains(where: { $0.item.labels.contains(0) }) {
      #expect(outcomes.map(\.removedVoxels).reduce(0, +) == removed)
    }
  }
}

import Evaluation
import Foundation
import Kernels
import LabelMeasures
import NiftiIO
import Testing
import Testkit
import Volumes

/// Statistics of labels held against NumPy, SciPy, scikit-image and nibabel (`Tests/Fixtures/measures/oracle.py`).
@Suite(.enabled(if: SciencePython.isAtHand, Comment(rawValue: SciencePython.absence))) struct OracleTests {
  /// Voxels, boxes, components and extremes are whole numbers or stored values, and equal. Sums are formed in another order there.
  private static let relative = 1e-9
  /// mm; the oracle's affine is float32.
  private static let place = 1e-3
  /// A share: scikit-image (its method of Lorensen) divides polygons that aren't flat into other triangles.
  private static let surface = 0.01

  private struct Answer: Decodable {
    var label: Int
    var voxels: Int
    var millilitres: Double
    var lower: [Int]?
    var upper: [Int]?
    var lowerMm: [Double]?
    var upperMm: [Double]?
    var centroid: [Double]?
    var centroidMm: [Double]?
    var surface: Double?
    var components: Int?
    var largest: Int?
    var touches: Bool?
    var mean: Double?
    var sd: Double?
    var min: Double?
    var max: Double?
    var p05: Double?
    var p50: Double?
    var p95: Double?
    var hd95: Double?
    var assd: Double?
    var surfaceDice: Double?
  }

  private struct Case: Encodable {
    var name: String
    var map: String
    var image: String
    var reference: String
    var labels: [Int]
  }

  /// A label map with an image on its grid, and another label map to compare it with.
  fileprivate struct Example {
    var name: String
    var map: LabelMap
    var reference: LabelMap
    var image: [Float]
  }

  @Test func statisticsAreThoseOfAnIndependentImplementation() throws {
    let folder = try TemporaryFolder()
    let examples = try examples()
    var cases: [Case] = []
    for (index, example) in examples.enumerated() {
      let entry = Case(
        name: example.name, map: "map\(index).nii.gz", image: "image\(index).nii",
        reference: "reference\(index).nii.gz",
        labels: [1, 2, 3, 200])
      try Data(try example.map.encoded()).write(to: folder.url.appending(path: entry.map))
      try Data(try example.reference.encoded()).write(to: folder.url.appending(path: entry.reference))
      try Data(example.imageFile()).write(to: folder.url.appending(path: entry.image))
      cases.append(entry)
    }
    try JSONEncoder().encode(cases).write(to: folder.url.appending(path: "cases.json"))
    let script = Fixtures.directory.appending(path: "measures/oracle.py")
    let (code, log) = try SciencePython.run(script: script, [folder.url.path])
    try #require(code == 0, "\(log)")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let answers = try decoder.decode([String: [Answer]].self, from: Data(log.utf8))
    for example in examples {
      try check(example, try #require(answers[example.name]))
    }
  }

  private func check(_ example: Example, _ answers: [Answer]) throws {
    let pool = ComputePool(threads: 2)
    let (map, geometry) = (example.map.labels, example.map.geometry)
    let shapes = try ShapeMeasures.measure(
      map, spacing: geometry.spacing, labels: answers.map(\.label), pool: pool)
    let sampler = IntensitySampler(map: map)
    // In parts of odd sizes, as a file streams by.
    for turn in 0..<2 {
      if turn == 1 { sampler.turn() }
      example.image.withUnsafeBufferPointer { values in
        for start in stride(from: 0, to: values.count, by: 4099) {
          sampler.take(UnsafeBufferPointer(rebasing: values[start..<min(start + 4099, values.count)]))
        }
      }
    }
    let evaluation = try CaseEvaluation(
      prediction: map, reference: example.reference.labels, spacing: geometry.spacing,
      surfaces: .init(tolerance: 1), pool: pool)
    for answer in answers {
      let what = Comment(rawValue: "\(example.name), label \(answer.label)")
      #expect(evaluation.confusion(of: answer.label).predicted == answer.voxels, what)
      guard answer.voxels > 0 else {
        #expect(shapes[answer.label] == nil && sampler.measures(of: answer.label) == nil, what)
        continue
      }
      let shape = try #require(shapes[answer.label], what)
      let values = try #require(sampler.measures(of: answer.label), what)
      #expect(Array(shape.box.lower.lengths.reversed()) == answer.lower, what)
      #expect(shape.box.upper.lengths.reversed().map { $0 - 1 } == answer.upper, what)
      #expect(shape.components == answer.components && shape.largestComponent == answer.largest, what)
      #expect(shape.touchesBorder == answer.touches, what)
      expectEqual(Array(shape.centroid.reversed()), answer.centroid, within: 1e-9, what)
      expectEqual(geometry.world(Array(shape.centroid.reversed())), answer.centroidMm, within: Self.place, what)
      let millilitres = Double(answer.voxels) * geometry.spacing.voxelMillilitres
      #expect(abs(millilitres - answer.millilitres) <= 1e-6 * answer.millilitres, what)
      let surface = try #require(answer.surface)
      #expect(abs(shape.surface - surface) <= Self.surface * surface, "\(what): \(shape.surface) mm², \(surface)")
      #expect(values.minimum == answer.min && values.maximum == answer.max, what)
      let found = [values.mean, values.standardDeviation, values.p05, values.p50, values.p95]
      let expected = [answer.mean, answer.sd, answer.p05, answer.p50, answer.p95].compactMap { $0 }
      expectEqual(found, expected, within: Self.relative * max(1, abs(answer.max ?? 1)), what)
      guard let hd95 = answer.hd95, let assd = answer.assd, let surfaceDice = answer.surfaceDice else { continue }
      #expect(abs(evaluation.value(of: .hausdorffDistance95, label: answer.label) - hd95) < 1e-3, what)
      #expect(abs(evaluation.value(of: .averageSymmetricSurfaceDistance, label: answer.label) - assd) < 1e-3, what)
      #expect(abs(evaluation.value(of: .surfaceDice, label: answer.label) - surfaceDice) < 1e-3, what)
    }
  }

  private func expectEqual(_ found: [Double], _ expected: [Double]?, within tolerance: Double, _ what: Comment) {
    guard let expected, expected.count == found.count else {
      Issue.record("\(what): \(found), expected \(String(describing: expected))")
      return
    }
    for (a, b) in zip(found, expected) { #expect(abs(a - b) <= tolerance, "\(what): \(found), expected \(expected)") }
  }

  // MARK: Examples

  private func examples() throws -> [Example] {
    var random = SplitMix64(seed: 5)
    var examples: [Example] = []
    if let golden = Fixtures.golden {
      let folder = golden.appending(path: "expected")
      let files = (FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?.allObjects ?? [])
        .compactMap { $0 as? URL }.filter { $0.path.hasSuffix(".nii.gz") }.sorted { $0.path < $1.path }
      // Each third: 2D, full and low resolution, cascades, ensembles, permuted axes, long voxels.
      for file in files.enumerated().filter({ $0.offset % 3 == 0 }).map(\.element) where examples.count < 8 {
        let map = try LabelMap.load(file)
        let name = file.path.replacingOccurrences(of: folder.path + "/", with: "")
        examples.append(Example(name, map, map.shifted(), &random))
      }
    }
    let demo = try LabelMap.load(Fixtures.directory.appending(path: "demo/expected/colin27.nii.gz"))
    // Cut through the brain, so that labels lie at the border, on a grid of long voxels.
    let cut = try demo.cut(upTo: Extent(z: 50, y: 40, x: 45), spacing: Spacing(z: 3.5, y: 0.8, x: 1.25))
    examples.append(Example("cut", cut, cut.shifted(), &random))
    // Balls and plates.
    let shapes = LabelMap(
      labels: .shapes(Extent(z: 24, y: 40, x: 33)), geometry: try .oblique(Spacing(z: 2.5, y: 0.7, x: 1.1)))
    examples.append(Example("shapes", shapes, shapes.shifted(), &random))
    return examples
  }
}

extension OracleTests.Example {
  fileprivate init(_ name: String, _ map: LabelMap, _ reference: LabelMap, _ random: inout SplitMix64) {
    // Few and many different values, both signs.
    let values = (0..<map.labels.extent.count).map { voxel in
      voxel % 3 == 0 ? Float(Int.random(in: -5...5, using: &random)) : Float.random(in: -900...2000, using: &random)
    }
    self.init(name: name, map: map, reference: reference, image: values)
  }

  /// A NIfTI-1 file of float32.
  fileprivate func imageFile() -> [UInt8] {
    var header = [UInt8](repeating: 0, count: 352)
    func put<T>(_ value: T, at offset: Int) {
      withUnsafeBytes(of: value) { header.replaceSubrange(offset..<offset + $0.count, with: $0) }
    }
    put(Int32(348), at: 0)
    let extent = map.labels.extent
    for (index, length) in [3, extent.x, extent.y, extent.z, 1, 1, 1, 1].enumerated() {
      put(Int16(length), at: 40 + 2 * index)
    }
    put(Int16(16), at: 70)
    put(Int16(32), at: 72)
    for (index, value) in ([1.0] + map.geometry.spacing.millimetres.reversed()).enumerated() {
      put(Float(value), at: 76 + 4 * index)
    }
    put(Float(352), at: 108)
    header.replaceSubrange(344..<348, with: [0x6E, 0x2B, 0x31, 0])
    return header + image.withUnsafeBytes { Array($0) }
  }
}

extension LabelMap {
  /// Moved by a voxel along each axis: something to be measured against.
  fileprivate func shifted() -> LabelMap {
    let extent = labels.extent
    let moved = LabelVolume(extent: extent)
    for z in 1..<max(2, extent.z) where z < extent.z {
      for y in 1..<extent.y {
        for x in 1..<extent.x { moved[z, y, x] = labels[z - 1, y - 1, x - 1] }
      }
    }
    return LabelMap(labels: moved, geometry: geometry)
  }

  fileprivate func cut(upTo extent: Extent, spacing: Spacing) throws -> LabelMap {
    let part = LabelVolume(extent: extent)
    for z in 0..<extent.z {
      for y in 0..<extent.y {
        for x in 0..<extent.x { part[z, y, x] = labels[z + 15, y + 40, x + 20] }
      }
    }
    return LabelMap(labels: part, geometry: try .oblique(spacing))
  }
}

extension ImageGeometry {
  /// Turned by 30 degrees about the body's axis, and away from the origin.
  fileprivate static func oblique(_ spacing: Spacing) throws -> ImageGeometry {
    let (c, s) = (0.8660254037844386, 0.5)
    let rows = [
      c * spacing.x, -s * spacing.y, 0, -31.5, s * spacing.x, c * spacing.y, 0, 12.25, 0, 0, spacing.z, 250,
    ]
    let json: [String: Any] = [
      "rank": 3, "pixdim": [1, spacing.x, spacing.y, spacing.z], "xyztUnits": 2, "qformCode": 0, "sformCode": 1,
      "quaternion": [0, 0, 0], "offset": [0, 0, 0], "sform": rows,
    ]
    return try JSONDecoder().decode(ImageGeometry.self, from: JSONSerialization.data(withJSONObject: json))
  }
}

extension LabelVolume {
  fileprivate static func shapes(_ extent: Extent) -> LabelVolume {
    let volume = LabelVolume(extent: extent)
    for z in 0..<extent.z {
      for y in 0..<extent.y {
        for x in 0..<extent.x {
          let (a, b, c) = (Double(z - 12) / 7, Double(y - 20) / 14, Double(x - 16) / 9)
          if a * a + b * b + c * c < 1 { volume[z, y, x] = 1 }
          if z == 23, x > 3, y > 4 { volume[z, y, x] = 2 }
          if z == 2, y == 2, x == 2 { volume[z, y, x] = 3 }
        }
      }
    }
    return volume
  }
}

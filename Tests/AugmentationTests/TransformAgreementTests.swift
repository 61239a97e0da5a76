import Augmentation
import Foundation
import Testing
import Testkit
import Volumes

/// Each transform with fixed parameters against batchgenerators' and nnU-Net's.
@Suite struct TransformAgreementTests {
  /// The issue's; values reach 4.
  private static let tolerance: Float = 1e-5
  private static let patch = Extent(z: 8, y: 9, x: 12)

  /// The committed answers, and fresh ones of another seed where nnU-Net is at hand.
  @Test func allAgree() throws { try Self.compareAll(OracleArchive.committed) }

  @Test(.enabled(if: Nnunet.isAtHand, Comment(rawValue: Nnunet.absence)), arguments: [11])
  func allAgreeWithFreshOnes(seed: Int) throws {
    let folder = try TemporaryFolder()
    let archive = folder.url.appending(path: "transforms.npz")
    let script = Fixtures.repository.appending(path: "Tests/Peers/oracle_augmentation.py")
    let code =
      "import sys, runpy; sys.argv = ['oracle', '\(archive.path)', '\(seed)']; runpy.run_path('\(script.path)')"
    let run = try Nnunet.run(code: code, results: folder.url)
    try #require(run.code == 0, "\(run.log)")
    try Self.compareAll(OracleArchive(path: archive.path))
  }

  private static func compareAll(_ oracle: OracleArchive) throws {
    try spatial(oracle)
    try values(oracle)
    try mirroring(oracle)
    try masksAndChannels(oracle)
    try pyramid(oracle)
  }

  private static func spatial(_ oracle: OracleArchive) throws {
    let none = try oracle.parameters("spatial.none")
    #expect(none == [0, 0, 0, 0, 0])
    for name in ["rotated", "shrunk", "grown", "both", "tied"] {
      let numbers = try oracle.parameters("spatial.\(name)")
      let transform = SpatialTransform(
        rotation: numbers[4] > 0 ? .volume(x: numbers[0], y: numbers[1], z: numbers[2]) : nil,
        scale: numbers[3] > 0 ? numbers[3] : nil, movesInPlane: false, patch: patch)
      try compare(transform.apply(to: try oracle.sample()), oracle, "spatial.\(name)")
    }
    for name in ["inPlane.both", "inPlane.grown", "slice.rotated"] {
      let numbers = try oracle.parameters(name)
      let isSlice = name.hasPrefix("slice")
      let transform = SpatialTransform(
        rotation: numbers[4] > 0 ? .slices(numbers[0]) : nil, scale: numbers[3] > 0 ? numbers[3] : nil,
        movesInPlane: true, patch: isSlice ? Extent(z: 1, y: 10, x: 12) : Extent(z: 13, y: 9, x: 12))
      let sample = isSlice ? try oracle.sample("slice", "sliceLabels") : try oracle.sample()
      try compare(transform.apply(to: sample), oracle, name)
    }
    let sample = try oracle.sample()
    let start = SpatialTransform.centre(of: sample.extent, patch: patch)
    let box = VoxelBox(
      lower: Extent(start), upper: Extent((0..<3).map { start[$0] + patch[$0] }))
    try compare(
      Sample(image: sample.image.cropped(to: box), labels: sample.labels.map { $0.cropped(to: box) }), oracle,
      "spatial.none")
  }

  private static func values(_ oracle: OracleArchive) throws {
    func compareImage(_ name: String, _ change: (Sample, [Double]) throws -> Void) throws {
      let sample = try oracle.sample()
      try change(sample, try oracle.parameters(name))
      #expect(difference(sample.image, try oracle.image("\(name).image")) < tolerance, "\(name)")
      #expect(equal(sample.labels, try oracle.labels("labels")), "\(name) changed labels")
    }
    for name in ["blur.both", "blur.second"] {
      try compareImage(name) { sample, numbers in
        GaussianBlur(deviations: numbers.map { $0 > 0 ? $0 : nil }, isFlat: false).apply(to: sample)
      }
    }
    try compareImage("brightness") { BrightnessFactor(factors: $1).apply(to: $0) }
    for name in ["contrast.less", "contrast.more"] { try compareImage(name) { Contrast(factors: $1).apply(to: $0) } }
    for name in ["lowResolution.both", "lowResolution.first", "lowResolution.inPlane"] {
      try compareImage(name) { sample, numbers in
        try LowResolution(zooms: numbers.map { $0 > 0 ? $0 : nil }, keepsSlices: name.hasSuffix("inPlane"))
          .apply(to: sample)
      }
    }
    for name in ["gamma.less", "gamma.more", "gamma.inverted"] {
      try compareImage(name) { Gamma(powers: $1, isInverted: name.hasSuffix("inverted")).apply(to: $0) }
    }
    try compareImage("mask") { sample, numbers in OutsideMask(usesMask: numbers.map { $0 > 0 }).apply(to: sample) }
  }

  private static func mirroring(_ oracle: OracleArchive) throws {
    for combination in 0..<8 {
      let name = "mirroring.\(combination)"
      let sample = try oracle.sample()
      Mirroring(axes: try oracle.parameters(name).map { $0 > 0 }).apply(to: sample)
      #expect(equal(sample.labels, try oracle.labels("\(name).labels")), "\(name)")
      guard combination > 0 else { continue }
      // Every third slice of the first channel is kept.
      let expected = try oracle.image("\(name).image")
      for slice in 0..<expected.extent.z {
        for index in 0..<expected.extent.y * expected.extent.x {
          let plane = expected.extent.y * expected.extent.x
          #expect(sample.image.elements[3 * slice * plane + index] == expected.elements[slice * plane + index])
        }
      }
    }
  }

  private static func masksAndChannels(_ oracle: OracleArchive) throws {
    let sample = try oracle.sample()
    let classes = [1, 2, 3]
    func compareMasks(_ operators: [BinaryOperator], _ name: String) throws {
      let masks = PreviousStage(labels: classes, operators: operators).masks(of: sample.labels[1])
      let expected = try oracle.array("\(name).image").values
      #expect(masks.flatMap { $0.elements.map(Float.init) } == expected, "\(name)")
    }
    try compareMasks([], "oneHot")
    let target = try oracle.array("oneHot.labels").values
    #expect(sample.labels[0].elements.map { Float(OutsideMask.withoutOutside($0)) } == target)
    for number in 0..<12 {
      let name = "operators.\(number)"
      let numbers = try oracle.parameters(name)
      try compareMasks(
        (0..<3).map { place in
          BinaryOperator(
            channel: Int(numbers[place]), operation: try #require(.init(rawValue: Int(numbers[3 + place]))),
            radius: numbers[6 + place])
        }, name)
    }
  }

  private static func pyramid(_ oracle: OracleArchive) throws {
    let full = try oracle.array("pyramid")
    let labels = full.values.map { UInt8($0) }
    for number in 0..<4 {
      let level = try oracle.array("pyramid.\(number).labels")
      let resized = try TargetPyramid.resize(labels, extent: Extent(full.shape), to: Extent(level.shape))
      #expect(resized.map(Float.init) == level.values, "level \(number)")
    }
  }

  private static func compare(_ sample: Sample, _ oracle: OracleArchive, _ name: String) throws {
    let gap = difference(sample.image, try oracle.image("\(name).image"))
    #expect(gap < tolerance, "\(name)")
    #expect(equal(sample.labels, try oracle.labels("\(name).labels")), "\(name)")
  }
}

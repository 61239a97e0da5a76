import Foundation
import Kernels
import NiftiIO
import NumpyFiles
import Preprocessing
import Testing
import Testkit
import Volumes

@testable import Inference

@Suite struct EnsembleMeanTests {
  private static let fixtures = Fixtures.directory.appending(path: "ensemble")

  /// A map of the values, `[class, z, y, x]`, in memory of its own.
  private static func map(_ values: [Float], channels: Int, extent: Extent, isSingle: Bool = false) throws
    -> ProbabilityMap
  {
    let header = NumpyHeader(descriptor: isSingle ? "<f4" : "<f2", shape: [channels] + extent.lengths).encoded
    let body = values.flatMap { value in
      isSingle
        ? withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
        : withUnsafeBytes(of: Float16(value).bitPattern.littleEndian) { Array($0) }
    }
    let whole = header + body
    let storage = VoxelStorage<UInt8>(uninitialized: whole.count)
    storage.elements.baseAddress!.update(from: whole, count: whole.count)
    return try ProbabilityMap(npy: UnsafeRawBufferPointer(storage.elements), owner: storage)
  }

  private static func properties(_ extent: Extent, lower: Extent, original: Extent) -> CaseProperties {
    let one = Spacing(z: 1, y: 1, x: 1)
    let upper = Extent((0..<3).map { lower[$0] + extent[$0] })
    return CaseProperties(
      originalExtent: original, originalSpacing: one, cropBox: VoxelBox(lower: lower, upper: upper),
      resampledExtent: extent, spacingAfterResampling: one, transposeForward: .identity)
  }

  private static func elements(_ map: LabelVolume) -> [UInt8] { withExtendedLifetime(map) { Array(map.elements) } }

  private static func uncropped(_ extent: Extent) -> CaseProperties {
    properties(extent, lower: Extent(z: 0, y: 0, x: 0), original: extent)
  }

  /// Made by nnU-Net 1.7.1's ensembling from near-uniform probabilities: of 1001 voxels, the rounding of the mean to float16 decides
  /// the label of 28 (five classes), and of 69 whether a region is there.
  @Test(arguments: ["softmax", "regions"], [1, 3])
  func meanAndLabelsAreNnunets(kind: String, threads: Int) throws {
    let scratch = try TemporaryFolder()
    let folder = Self.fixtures.appending(path: kind)
    func open(_ name: String) throws -> ProbabilityMap {
      try SoftmaxArchive.open(folder.appending(path: "\(name)/case.npz"), scratch: scratch.url)
    }
    let pickle = try CasePickle(reading: folder.appending(path: "first/case.pkl"))
    let mean = try EnsembleMean(members: ["first", "second", "third"].map(open))
    let kept = try HalfPrecisionFile(
      channels: mean.channels, extent: mean.extent, axes: .identity, in: scratch.url)
    let labels = try mean.decide(
      properties: pickle.properties, rule: pickle.rule, pool: ComputePool(threads: threads), keeping: kept)
    let expected = try open("expected")
    let ours = ProbabilityMap(kept)
    #expect(ours.channels == expected.channels && ours.extent == expected.extent)
    #expect(
      (0..<ours.channels * ours.extent.count).allSatisfy { ours.value(at: $0) == expected.value(at: $0) },
      "numpy's mean, to the bit")
    let answer = try LabelMap.load(folder.appending(path: "expected/case.nii.gz")).labels
    #expect(labels.extent == answer.extent && Self.elements(labels) == Self.elements(answer))
  }

  /// Against the obvious way: all in memory, one voxel after the other.
  @Test func blocksAreDecidedAsVoxelsByThemselves() throws {
    var generator = SplitMix64(seed: 11)
    for round in 0..<12 {
      let extent = Extent((0..<3).map { _ in Int.random(in: 1...(round == 0 ? 90 : 9), using: &generator) })
      let lower = Extent((0..<3).map { _ in Int.random(in: 0...3, using: &generator) })
      let original = Extent((0..<3).map { lower[$0] + extent[$0] + Int.random(in: 0...2, using: &generator) })
      let (channels, members) = (Int.random(in: 1...4, using: &generator), Int.random(in: 1...4, using: &generator))
      let weights = (0..<members).map { _ in Double.random(in: 0...3, using: &generator) + 0.01 }
      let values = (0..<members).map { _ in
        (0..<channels * extent.count).map { _ in Float(Float16.random(in: 0...1, using: &generator)) }
      }
      let mean = try EnsembleMean(
        members: values.map { try Self.map($0, channels: channels, extent: extent) }, weights: weights)
      let labels = try mean.decide(
        properties: Self.properties(extent, lower: lower, original: original), rule: .largest,
        pool: ComputePool(threads: round % 3 + 1))
      let sum = weights.reduce(Float(0)) { $0 + Float($1) }
      var index = 0
      for z in 0..<original.z {
        for y in 0..<original.y {
          for x in 0..<original.x {
            let place = [z - lower.z, y - lower.y, x - lower.x]
            guard (0..<3).allSatisfy({ (0..<extent[$0]).contains(place[$0]) }) else {
              #expect(labels[z, y, x] == 0)
              continue
            }
            let means = (0..<channels).map { channel in
              Float16(
                zip(values, weights).reduce(Float(0)) {
                  $0 + Float($1.1) * $1.0[channel * extent.count + index]
                } / sum)
            }
            #expect(Int(labels[z, y, x]) == means.firstIndex(of: means.max()!))
            index += 1
          }
        }
      }
    }
  }

  @Test func equalWeightsAreNoWeights() throws {
    var generator = SplitMix64(seed: 5)
    let extent = Extent(z: 5, y: 6, x: 7)
    let members = try (0..<3).map { _ in
      try Self.map(
        (0..<2 * extent.count).map { _ in Float.random(in: 0.49...0.51, using: &generator) }, channels: 2,
        extent: extent)
    }
    func labels(_ weights: [Double]?) throws -> [UInt8] {
      let map = try EnsembleMean(members: members, weights: weights).decide(
        properties: Self.uncropped(extent), rule: .largest, pool: ComputePool(threads: 1))
      return Self.elements(map)
    }
    #expect(try labels(nil) == labels([1, 1, 1]) && labels(nil) == labels([0.25, 0.25, 0.25]))
    #expect(try labels([1, 0, 0]) != labels(nil), "a weight changes something")
  }

  /// 0.5001 and 0.5002 are one float16, so rounded means are equal and the lower class wins; float32 means are not.
  @Test func meansOfFloat32AreNotRounded() throws {
    let extent = Extent(z: 1, y: 1, x: 1)
    let half = try Self.map([0.5, 0.5], channels: 2, extent: extent)
    let single = try Self.map([0.5001, 0.5002], channels: 2, extent: extent, isSingle: true)
    let rounded = try Self.map([0.5001, 0.5002], channels: 2, extent: extent)
    func label(_ members: [ProbabilityMap]) throws -> UInt8 {
      try EnsembleMean(members: members).decide(
        properties: Self.uncropped(extent), rule: .largest, pool: ComputePool(threads: 1))[0, 0, 0]
    }
    #expect(try label([half, rounded]) == 0 && label([half, single]) == 1)
  }

  @Test func membersThatDoNotBelongTogetherAreRefused() throws {
    let (extent, other) = (Extent(z: 2, y: 2, x: 2), Extent(z: 2, y: 2, x: 3))
    let member = try Self.map([Float](repeating: 0.5, count: 16), channels: 2, extent: extent)
    let wider = try Self.map([Float](repeating: 0.5, count: 24), channels: 2, extent: other)
    let fewer = try Self.map([Float](repeating: 0.5, count: 8), channels: 1, extent: extent)
    let broken = try Self.map([.nan] + [Float](repeating: 0.5, count: 15), channels: 2, extent: extent)
    for members in [[], [member, wider], [member, fewer]] {
      #expect(throws: InferenceError.self) { try EnsembleMean(members: members) }
    }
    for weights in [[], [1], [1, -1], [0, 0], [.nan, 1], [.infinity, 1], [1, 1, 1]] as [[Double]] {
      #expect(throws: InferenceError.self, "\(weights)") {
        try EnsembleMean(members: [member, member], weights: weights)
      }
    }
    let pool = ComputePool(threads: 1)
    let mean = try EnsembleMean(members: [member, member])
    #expect(throws: InferenceError.self) {
      try mean.decide(properties: Self.uncropped(other), rule: .largest, pool: pool)
    }
    #expect(throws: InferenceError.self) {
      try mean.decide(properties: Self.uncropped(extent), rule: .regions(order: [1]), pool: pool)
    }
    #expect(throws: InferenceError.self) {
      try EnsembleMean(members: [broken, member]).decide(
        properties: Self.uncropped(extent), rule: .largest, pool: pool)
    }
  }
}

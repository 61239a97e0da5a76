import Kernels
import Preprocessing
import Testing
import Testkit
import Volumes

@Suite("Resampling")
struct ResamplingTests {
  private static func randomExtent(_ longest: Int, _ random: inout SplitMix64) -> Extent {
    Extent((0..<3).map { _ in Int.random(in: 1...longest, using: &random) })
  }

  private static func resize(
    _ values: [Double], _ extent: Extent, to target: Extent, order: Int, orderZ: Int = 0, policy: ResamplingPolicy
  ) throws -> [Double] {
    let resampler = VolumeResampler(order: order, orderZ: orderZ, policy: policy)
    let result = try values.map(Float.init).withUnsafeBufferPointer {
      try resampler.resize($0, extent: extent, to: target, pool: ComputePool(threads: 2))
    }
    return withExtendedLifetime(result) { result.elements.map(Double.init) }
  }

  /// Tolerance: three roundings to float32 of values up to 1000, amplified at most about twice by the splines.
  @Test(arguments: [0, 1, 3])
  func volumesAgreeWithTheDefinition(order: Int) throws {
    var random = SplitMix64(seed: UInt64(order))
    for _ in 0..<25 {
      let extent = Self.randomExtent(9, &random)
      let target = Self.randomExtent(11, &random)
      let values = (0..<extent.count).map { _ in Double(Float.random(in: -1000...1000, using: &random)) }
      let expected = StraightResize.resize(values, extent, to: target, order: order)
      let found = try Self.resize(values, extent, to: target, order: order, policy: .isotropic)
      let worst = zip(expected, found).map { abs($0 - $1) }.max()!
      #expect(worst <= 5e-4, "\(extent) to \(target)")
    }
  }

  @Test(arguments: [0, 1, 2], [0, 1, 3])
  func slicesAgreeWithTheDefinition(axis: Int, order: Int) throws {
    var random = SplitMix64(seed: UInt64(10 * axis + order))
    for _ in 0..<10 {
      let extent = Self.randomExtent(8, &random)
      let target = Self.randomExtent(9, &random)
      let values = (0..<extent.count).map { _ in Double(Float.random(in: -1000...1000, using: &random)) }
      let expected = StraightResize.separate(values, extent, to: target, axis: axis) {
        StraightResize.resize($0, $1, to: $2, order: order)
      }
      let found = try Self.resize(values, extent, to: target, order: order, policy: .separate(axis: axis))
      let worst = zip(expected, found).map { abs($0 - $1) }.max()!
      #expect(worst <= 5e-4, "\(extent) to \(target)")
    }
  }

  @Test func alongTheSeparateAxisHigherOrdersInterpolateUnclipped() throws {
    var random = SplitMix64(seed: 77)
    let extent = Extent(z: 5, y: 3, x: 4)
    let target = Extent(z: 9, y: 3, x: 4)
    let values = (0..<extent.count).map { _ in Double(Float.random(in: 0...1, using: &random)) }
    let expected = StraightResize.resize(values, extent, to: target, order: 3, clips: false)
    let found = try Self.resize(values, extent, to: target, order: 3, orderZ: 3, policy: .separate(axis: 0))
    #expect(zip(expected, found).allSatisfy { abs($0 - $1) < 1e-6 })
    #expect(expected.contains { $0 < 0 || $0 > 1 })
  }

  @Test func equalExtentsAreLeftAlone() throws {
    let extent = Extent(z: 2, y: 3, x: 4)
    let values = (0..<24).map { Double($0) }
    for policy in [ResamplingPolicy.isotropic, .separate(axis: 1)] {
      #expect(try Self.resize(values, extent, to: extent, order: 3, policy: policy) == values)
    }
  }

  @Test func labelsAgreeWithTheRuleExactly() throws {
    var random = SplitMix64(seed: 4)
    let pool = ComputePool(threads: 2)
    for round in 0..<120 {
      let extent = Self.randomExtent(8, &random)
      // Integer factors make ties, so half of the rounds have them.
      let target =
        round % 2 == 0
        ? Self.randomExtent(12, &random) : Extent(extent.lengths.map { max(1, round % 4 == 1 ? $0 * 2 : $0 / 2) })
      let labels = LabelVolume(extent: extent)
      for index in 0..<extent.count { labels.elements[index] = UInt8.random(in: 0...3, using: &random) }
      let values = labels.elements.map(Double.init)
      let whole = try LabelResampler(policy: .isotropic).resize(labels, to: target, pool: pool)
      #expect(
        whole.elements.map(Double.init) == StraightResize.labels(values, extent, to: target), "\(extent) to \(target)")
      let axis = round % 3
      let slices = try LabelResampler(policy: .separate(axis: axis)).resize(labels, to: target, pool: pool)
      let expected = StraightResize.separate(values, extent, to: target, axis: axis) {
        $1 == $2 ? $0 : StraightResize.labels($0, $1, to: $2)
      }
      #expect(slices.elements.map(Double.init) == expected, "\(extent) to \(target), axis \(axis)")
    }
  }

  @Test func tapsAreWhereTheDefinitionPutsThem() throws {
    let halved = try AxisTaps.make(order: 1, from: 4, to: 2)
    #expect(halved.indices == [0, 1, 2, 3])
    #expect(halved.weights == [0.5, 0.5, 0.5, 0.5])
    let doubled = try AxisTaps.make(order: 1, from: 2, to: 4)
    #expect(doubled.indices == [0, 0, 0, 1, 0, 1, 1, 1])
    #expect(doubled.weights == [0.25, 0.75, 0.75, 0.25, 0.25, 0.75, 0.75, 0.25])
    // Midway between two samples the second is the nearest.
    #expect(try AxisTaps.make(order: 0, from: 4, to: 2).indices == [1, 3])
    let same = try AxisTaps.make(order: 3, from: 3, to: 3)
    #expect(same.indices == [11, 12, 13, 14, 12, 13, 14, 15, 13, 14, 15, 16])
  }

  @Test func impossibleTablesAreRefused() {
    for (order, n, m) in [(2, 3, 3), (-1, 3, 3), (5, 3, 3), (1, 0, 3), (1, 3, 0)] {
      #expect(throws: PreprocessingError.self) { try AxisTaps.make(order: order, from: n, to: m) }
    }
  }
}

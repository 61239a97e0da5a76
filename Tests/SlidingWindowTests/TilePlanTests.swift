import Foundation
import SlidingWindow
import Testing
import Testkit
import Volumes

/// A patch as long as the volume along the axes that a test doesn't look at.
private func starts(_ volume: [Int], _ patch: [Int], _ stepSize: Double) throws -> [[Int]] {
  try TilePlan(volume: Extent(volume), patch: Extent(patch), stepSize: stepSize).starts
}

@Suite struct TilePlanTests {
  /// The shapes of nnU-Net's own tests and their starts (tests/test_steps_for_sliding_window_prediction.py).
  @Test func startsAreThoseOfNnunetsTests() throws {
    for stepSize in [1, 0.125, 0.5] {
      #expect(try starts([24, 845, 321], [24, 845, 321], stepSize) == [[0], [0], [0]])
    }
    for stepSize in [0.5, 0.85] {
      #expect(try starts([1, 128, 260], [1, 64, 130], stepSize) == [[0], [0, 32, 64], [0, 65, 130]])
    }
    #expect(try starts([1, 128, 260], [1, 64, 130], 1) == [[0], [0, 64], [0, 130]])
    #expect(try starts([146, 176, 148], [128, 128, 128], 0.5) == [[0, 18], [0, 48], [0, 20]])
    #expect(try starts([130, 320, 244], [80, 192, 160], 0.5) == [[0, 25, 50], [0, 64, 128], [0, 42, 84]])
    #expect(try starts([130, 320, 244], [80, 192, 160], 0.75) == [[0, 50], [0, 128], [0, 84]])
    let liver = [0, 55, 109, 164, 219, 273, 328]
    #expect(try starts([424, 456, 456], [128, 128, 128], 0.5) == [[0, 59, 118, 178, 237, 296], liver, liver])
    #expect(try starts([94, 308, 308], [64, 192, 192], 0.5) == [[0, 30], [0, 58, 116], [0, 58, 116]])
  }

  @Test func halvesRoundToEven() throws {
    #expect(try starts([17, 10, 10], [10, 10, 10], 0.5)[0] == [0, 4, 7])
  }

  /// Literals from numpy: `[int(np.round((n - p) / (k - 1) * i)) for i in range(k)]` with `k = int(np.ceil((n - p) / (p * s))) + 1`.
  @Test func startsAreNumpysForOtherSteps() throws {
    #expect(try starts([100, 91, 45], [40, 33, 7], 0.3) == [[0, 12, 24, 36, 48, 60], numpy91, numpy45])
    #expect(try starts([64, 65, 127], [64, 64, 64], 1) == [[0], [0, 1], [0, 63]])
  }
  private let numpy91 = [0, 10, 19, 29, 39, 48, 58]
  private let numpy45 = [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 34, 36, 38]

  @Test func smallVolumeIsPaddedBelowWithTheSmallerHalf() throws {
    let plan = try TilePlan(volume: Extent(z: 5, y: 64, x: 70), patch: Extent(z: 64, y: 64, x: 64))
    #expect(plan.padded == Extent(z: 64, y: 64, x: 70))
    #expect(plan.paddingBelow == Extent(z: 29, y: 0, x: 0))
    #expect(plan.covered(by: plan.tile(0)).lower == Extent(z: 0, y: 0, x: 0))
    #expect(plan.covered(by: plan.tile(0)).upper == Extent(z: 5, y: 64, x: 64))
  }

  @Test func tilesCountWithXInnermost() throws {
    let plan = try TilePlan(volume: Extent(z: 12, y: 12, x: 16), patch: Extent(z: 8, y: 8, x: 8), stepSize: 1)
    #expect(plan.tileCount == 8)
    #expect((0..<4).map { plan.tile($0).start.lengths } == [[0, 0, 0], [0, 0, 8], [0, 4, 0], [0, 4, 8]])
    #expect(plan.tile(7).start == Extent(z: 4, y: 4, x: 8))
    #expect((0..<8).map { plan.tile($0).index } == Array(0..<8))
  }

  @Test func oneTileIsNotWeighted() throws {
    #expect(try !TilePlan(volume: Extent(z: 8, y: 7, x: 3), patch: Extent(z: 8, y: 8, x: 8)).isWeighted)
    #expect(try TilePlan(volume: Extent(z: 9, y: 7, x: 3), patch: Extent(z: 8, y: 8, x: 8)).isWeighted)
  }

  @Test func slicesOf2DAreIndependent() throws {
    let one = try TilePlan(volume: Extent(z: 9, y: 6, x: 8), patch: Extent(z: 1, y: 8, x: 8), window: .slices)
    #expect(one.tileCount == 9)
    #expect(!one.isWeighted, "nine slices of one tile each")
    let several = try TilePlan(volume: Extent(z: 3, y: 8, x: 12), patch: Extent(z: 1, y: 8, x: 8), window: .slices)
    #expect(several.starts == [[0, 1, 2], [0], [0, 4]])
    #expect(several.isWeighted)
  }

  @Test func planSurvivesCodingAndIsCheckedWhenDecoded() throws {
    let plan = try TilePlan(volume: Extent(z: 9, y: 70, x: 81), patch: Extent(z: 16, y: 32, x: 32), stepSize: 0.7)
    let data = try JSONEncoder().encode(plan)
    #expect(try JSONDecoder().decode(TilePlan.self, from: data) == plan)
    let text = String(decoding: data, as: UTF8.self).replacing("0.7", with: "0")
    #expect(throws: SlidingWindowError.self) { try JSONDecoder().decode(TilePlan.self, from: Data(text.utf8)) }
  }

  @Test(arguments: [0, -0.5, 1.001, Double.nan, .infinity])
  func stepSizeOutsideItsRangeIsRefused(stepSize: Double) {
    #expect(throws: SlidingWindowError.self) {
      try TilePlan(volume: Extent(z: 9, y: 9, x: 9), patch: Extent(z: 4, y: 4, x: 4), stepSize: stepSize)
    }
  }

  @Test func impossiblePlansAreRefused() {
    let nine = Extent(z: 9, y: 9, x: 9)
    for (volume, patch, window) in [
      (Extent(z: 0, y: 9, x: 9), nine, TilePlan.Window.volume), (nine, Extent(z: 4, y: -1, x: 4), .volume),
      (nine, Extent(z: 1 << 40, y: 4, x: 4), .volume), (nine, Extent(z: 2, y: 4, x: 4), .slices),
    ] {
      #expect(throws: SlidingWindowError.self) { try TilePlan(volume: volume, patch: patch, window: window) }
    }
    #expect(throws: SlidingWindowError.self, "a million tiles along each axis") {
      try TilePlan(volume: Extent(z: 500, y: 500, x: 500), patch: Extent(z: 32, y: 32, x: 32), stepSize: 1e-9)
    }
  }

  @Test func tilesCoverEveryVoxelOfAnyVolume() throws {
    var generator = SplitMix64(seed: 1)
    for _ in 0..<2000 {
      let volume = Extent((0..<3).map { _ in Int.random(in: 1...90, using: &generator) })
      let patch = Extent((0..<3).map { _ in Int.random(in: 1...40, using: &generator) })
      let plan = try TilePlan(volume: volume, patch: patch, stepSize: .random(in: 0.05...1, using: &generator))
      for axis in 0..<3 {
        let starts = plan.starts[axis]
        #expect(starts[0] == 0 && starts.last! == plan.padded[axis] - patch[axis])
        #expect(zip(starts, starts.dropFirst()).allSatisfy { $0 <= $1 && $1 - $0 <= patch[axis] })
      }
    }
  }
}

import Preprocessing
import Testing
import Volumes

@Suite("Separate resampling of a coarse axis")
struct PolicyTests {
  /// `[z, y, x]` in mm; `nil` is no separation.
  @Test(
    arguments: [
      ([3.0, 1, 1], [1.0, 1, 1], nil),
      ([3.0000001, 1, 1], [1, 1, 1], 0),
      ([1, 3.5, 1], [1, 1, 1], 1),
      ([1, 1, 4], [5, 1, 1], 2),
      // The original isn't anisotropic, so the target decides.
      ([2, 1, 1], [5, 1, 1], 0),
      ([1, 1, 2], [5, 1, 1], 0),
      ([1, 1, 1], [3, 1, 1], nil),
      // Two axes that are equally coarse.
      ([0.24, 1.25, 1.25], [1, 1, 1], nil),
      ([1, 1, 1], [0.3, 1, 1], nil),
      // Equally coarse means equal to the last bit.
      ([0.24, 1.25, 1.2499999], [1, 1, 1], 1),
    ] as [([Double], [Double], Int?)])
  func theSpacingsDecide(original: [Double], target: [Double], axis: Int?) {
    let policy = ResamplingPolicy.decide(
      original: Spacing(original), target: Spacing(target), forceSeparateZ: nil)
    #expect(policy == (axis.map { .separate(axis: $0) } ?? .isotropic))
  }

  @Test func forceOverrules() {
    let fine = Spacing(z: 1.1, y: 1, x: 1)
    let coarse = Spacing(z: 1, y: 9, x: 1)
    let even = Spacing(z: 1, y: 1, x: 1)
    #expect(ResamplingPolicy.decide(original: coarse, target: coarse, forceSeparateZ: false) == .isotropic)
    #expect(ResamplingPolicy.decide(original: fine, target: coarse, forceSeparateZ: true) == .separate(axis: 0))
    #expect(ResamplingPolicy.decide(original: even, target: coarse, forceSeparateZ: true) == .isotropic)
  }
}

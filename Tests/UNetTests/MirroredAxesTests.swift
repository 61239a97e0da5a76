import Kernels
import Testing
import UNet

@Suite struct MirroredAxesTests {
  @Test func passesComeInTheOrderOfNnUNet() {
    // neural_network.py: m = 0 none, 1 x, 2 y, 3 yx, 4 z, 5 zx, 6 zy, 7 zyx.
    #expect(
      MirroredAxes.passes(axes: [0, 1, 2], spatialAxes: 3) == [
        .none, .init(x: true), .init(y: true), .init(y: true, x: true), .init(z: true), .init(z: true, x: true),
        .init(z: true, y: true), .init(z: true, y: true, x: true),
      ])
    #expect(
      MirroredAxes.passes(axes: [0, 1], spatialAxes: 2) == [
        .none, .init(x: true), .init(y: true), .init(y: true, x: true),
      ])
  }

  @Test func passesWithAnAxisThatIsNotMirroredAreSkipped() {
    #expect(MirroredAxes.passes(axes: [], spatialAxes: 3) == [.none])
    #expect(
      MirroredAxes.passes(axes: [0, 2], spatialAxes: 3) == [
        .none, .init(x: true), .init(z: true), .init(z: true, x: true),
      ])
  }
}

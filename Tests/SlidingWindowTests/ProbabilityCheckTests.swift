import SlidingWindow
import Testing
import Volumes

@Suite struct ProbabilityCheckTests {
  /// Softmax-like values of 3 classes on more voxels than one block has.
  private func sound() -> ChannelVolume {
    let volume = ChannelVolume(channels: 3, extent: Extent(z: 5, y: 20, x: 30))
    for voxel in 0..<volume.extent.count {
      let first = Float(voxel % 97) / 100
      volume.channel(0)[voxel] = first
      volume.channel(1)[voxel] = (1 - first) / 3
      volume.channel(2)[voxel] = 1 - first - (1 - first) / 3
    }
    return volume
  }

  @Test func soundProbabilitiesHaveNoProblem() {
    #expect(ProbabilityCheck.problem(of: sound(), sumsToOne: true) == nil)
    #expect(ProbabilityCheck.problem(of: sound(), sumsToOne: false) == nil)
  }

  @Test(arguments: [0, 1023, 1024, 2999], [Float.nan, .infinity, -.infinity, -0.5, 1.5])
  func whatIsNoProbabilityIsFoundWhereverItIs(voxel: Int, value: Float) {
    let volume = sound()
    volume.channel(1)[voxel] = value
    for sumsToOne in [true, false] { #expect(ProbabilityCheck.problem(of: volume, sumsToOne: sumsToOne) != nil) }
  }

  @Test(arguments: [0, 1024, 2999])
  func sumsAreCheckedForClassesAndNotForRegions(voxel: Int) {
    let volume = sound()
    volume.channel(0)[voxel] = 1 - volume.channel(0)[voxel]
    #expect(ProbabilityCheck.problem(of: volume, sumsToOne: true) != nil)
    #expect(ProbabilityCheck.problem(of: volume, sumsToOne: false) == nil)
  }
}

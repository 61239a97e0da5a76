import Preprocessing
import Testing
import Testkit
import Volumes

@Suite("The nonzero region")
struct NonzeroRegionTests {
  /// Layers of rows, `#` is nonzero.
  private func volume(_ layers: [[String]]) -> ChannelVolume {
    let extent = Extent(z: layers.count, y: layers[0].count, x: layers[0][0].count)
    let volume = ChannelVolume(channels: 1, extent: extent)
    for (index, character) in layers.joined().joined().enumerated() where character == "#" {
      volume.elements[index] = 1
    }
    return volume
  }

  private func filled(_ layers: [[String]]) -> [UInt8] {
    let mask = NonzeroRegion.mask(of: volume(layers))
    return withExtendedLifetime(mask) { Array(mask.elements) }
  }

  private static let wall = ["#####", "#####", "#####", "#####", "#####"]
  private static let room = ["#####", "#...#", "#...#", "#...#", "#####"]

  @Test func holesAreFilled() {
    #expect(filled([Self.wall, Self.room, Self.room, Self.wall]).allSatisfy { $0 == 1 })
  }

  @Test func openingsOnAFaceLeadOut() {
    let open = ["#####", "#...#", "#...#", "#....", "#####"]
    #expect(filled([Self.wall, open, Self.wall]).count { $0 == 0 } == 10)
    let lid = ["#####", "#####", "##.##", "#####", "#####"]
    #expect(filled([lid, Self.room, Self.wall]).count { $0 == 0 } == 10)
  }

  @Test func gapsAtEdgesAndCornersDoNot() {
    // The missing corner touches the room by an edge only.
    let cornered = [".####", "#...#", "#...#", "#...#", "#####"]
    #expect(filled([Self.wall, cornered, Self.wall]).count { $0 == 0 } == 1)
    // The missing voxel of the lid touches the room's corner only.
    let lid = [".####", "#####", "#####", "#####", "#####"]
    #expect(filled([lid, Self.room, Self.wall]).count { $0 == 0 } == 1)
  }

  @Test func randomVolumesAgreeWithAStepwiseFill() {
    var random = SplitMix64(seed: 9)
    for _ in 0..<60 {
      let extent = Extent((0..<3).map { _ in Int.random(in: 1...9, using: &random) })
      let volume = ChannelVolume(channels: 1, extent: extent)
      for index in 0..<extent.count { volume.elements[index] = Double.random(in: 0..<1, using: &random) < 0.6 ? 1 : 0 }
      let mask = NonzeroRegion.mask(of: volume)
      #expect(Array(mask.elements) == stepwise(volume))
      let box = NonzeroRegion.box(of: volume)
      let inside = StraightResize.indices(extent).filter { mask[$0[0], $0[1], $0[2]] == 1 }
      #expect(box?.lower.lengths == (inside.isEmpty ? nil : (0..<3).map { axis in inside.map { $0[axis] }.min()! }))
      #expect(box?.upper.lengths == (inside.isEmpty ? nil : (0..<3).map { axis in inside.map { $0[axis] }.max()! + 1 }))
    }
  }

  /// Grows the outside by one face at a time until nothing changes.
  private func stepwise(_ volume: ChannelVolume) -> [UInt8] {
    let extent = volume.extent
    var outside = Set<[Int]>()
    var grew = true
    while grew {
      grew = false
      for index in StraightResize.indices(extent) where volume[0, index[0], index[1], index[2]] == 0 {
        guard !outside.contains(index) else { continue }
        let reached = (0..<3).contains { axis in
          [-1, 1].contains { step in
            var neighbour = index
            neighbour[axis] += step
            return !(0..<extent[axis]).contains(neighbour[axis]) || outside.contains(neighbour)
          }
        }
        if reached {
          outside.insert(index)
          grew = true
        }
      }
    }
    return StraightResize.indices(extent).map { outside.contains($0) ? 0 : 1 }
  }

  @Test func allChannelsCountAndNaNIsNotZero() {
    let volume = ChannelVolume(channels: 2, extent: Extent(z: 1, y: 1, x: 5))
    volume[0, 0, 0, 1] = -1
    volume[1, 0, 0, 3] = .nan
    #expect(
      NonzeroRegion.box(of: volume)
        == VoxelBox(lower: Extent(z: 0, y: 0, x: 1), upper: Extent(z: 1, y: 1, x: 4)))
    #expect(NonzeroRegion.box(of: ChannelVolume(channels: 2, extent: Extent(z: 2, y: 2, x: 2))) == nil)
  }
}

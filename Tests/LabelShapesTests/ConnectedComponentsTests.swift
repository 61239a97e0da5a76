import Testing
import Testkit
import Volumes

@testable import LabelShapes

@Suite struct ConnectedComponentsTests {
  private func volume(_ extent: Extent, _ label: (Int) -> UInt8) -> LabelVolume {
    let volume = LabelVolume(extent: extent)
    for voxel in 0..<extent.count { volume.elements[voxel] = label(voxel) }
    return volume
  }

  private func whole(_ volume: LabelVolume) -> VoxelBox {
    VoxelBox(lower: Extent(z: 0, y: 0, x: 0), upper: volume.extent)
  }

  /// Maps from single voxels to long stretches, of all widths around the eight voxels that are compared at a time.
  @Test func componentsAreThoseOfAFloodFill() throws {
    var generator = SplitMix64(seed: 11)
    for round in 0..<120 {
      let extent = Extent(
        z: .random(in: 1...6, using: &generator), y: .random(in: 1...9, using: &generator),
        x: .random(in: 1...40, using: &generator))
      let stretch = [1, 3, 12][round % 3]
      var label: UInt8 = 0
      let map = volume(extent) { _ in
        if .random(in: 0..<stretch, using: &generator) == 0 { label = .random(in: 0...3, using: &generator) }
        return label
      }
      let set = LabelSet([1, 3])
      let expected = FloodFill.components(of: map.elements.map { set.contains($0) }, extent: extent)
      let found = try ConnectedComponents(of: set, in: map, box: whole(map))
      #expect(found.voxels == expected.map(\.count))

      let kept = expected.map { _ in Bool.random(using: &generator) }
      var after = Array(map.elements)
      for (component, isKept) in zip(expected, kept) where !isKept { for voxel in component { after[voxel] = 0 } }
      found.removeOthers(from: map, keeping: kept)
      #expect(map.elements.elementsEqual(after))
    }
  }

  @Test func theBoxOfALabelIsTight() {
    let map = volume(Extent(z: 4, y: 5, x: 21)) { $0 == 21 * 5 + 21 * 2 + 17 || $0 == 21 * 15 + 3 ? 9 : 0 }
    let boxes = LabelBoxes(of: map)
    #expect(boxes.labels == [0, 9])
    let expected = VoxelBox(lower: Extent(z: 1, y: 0, x: 3), upper: Extent(z: 4, y: 3, x: 18))
    #expect(boxes.box(of: LabelSet([9])) == expected)
    #expect(boxes.box(of: LabelSet([5, 300, -1])) == nil)
    #expect(boxes.box(of: LabelSet([0, 9])) == whole(map))
  }

  /// Two combs that only meet in the last row: every tooth is a component of its own until then.
  @Test func whatMeetsLateIsOneComponent() throws {
    let map = volume(Extent(z: 1, y: 50, x: 99)) { $0 / 99 == 49 || $0 % 99 % 2 == 0 ? 1 : 0 }
    let found = try ConnectedComponents(of: LabelSet([1]), in: map, box: whole(map))
    #expect(found.voxels == [49 * 50 + 99])
  }

  /// The bound is a few times what an optimised build takes on an old core; a search that looks at every voxel's neighbours takes minutes.
  @Test func aLargeMapTakesAboutASecond() throws {
    let extent = Extent(z: 200, y: 300, x: 300)
    let map = volume(extent) { voxel in
      let (z, y, x) = (voxel / 90_000 - 100, voxel / 300 % 300 - 150, voxel % 300 - 150)
      let radius = 2 * z * z + y * y + x * x
      return radius < 12_000 ? 1 : radius < 16_000 ? 2 : (z * 7 + y * 5 + x * 3) % 61 == 0 ? 3 : 0
    }
    let start = ThreadTime.seconds
    let boxes = LabelBoxes(of: map)
    for labels in [[1, 2, 3], [1], [2], [3]] {
      let set = LabelSet(labels)
      let components = try ConnectedComponents(of: set, in: map, box: try #require(boxes.box(of: set)))
      if !labels.contains(3) { #expect(components.voxels.count == 1) }
      components.removeOthers(from: map, keeping: components.voxels.map { _ in true })
    }
    #expect(ThreadTime.seconds - start < 5)
  }
}

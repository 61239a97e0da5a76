import Kernels
import Testing
import Testkit
import Volumes

@testable import LabelShapes

@Suite struct SurfaceDistancesTests {
  private func blobs(_ extent: Extent, share: Int, _ generator: inout SplitMix64) -> LabelVolume {
    let map = LabelVolume(extent: extent)
    for voxel in 0..<extent.count { map.elements[voxel] = .random(in: 0..<10, using: &generator) < share ? 1 : 0 }
    return map
  }

  private func whole(_ extent: Extent) -> VoxelBox { VoxelBox(lower: Extent(z: 0, y: 0, x: 0), upper: extent) }

  /// The slow, obvious twin: a voxel is on the surface if a neighbour isn't in the mask.
  private func surface(_ map: LabelVolume) -> [(z: Int, y: Int, x: Int)] {
    let extent = map.extent
    func isInside(_ z: Int, _ y: Int, _ x: Int) -> Bool {
      z >= 0 && y >= 0 && x >= 0 && z < extent.z && y < extent.y && x < extent.x && map[z, y, x] == 1
    }
    var voxels: [(Int, Int, Int)] = []
    for z in 0..<extent.z {
      for y in 0..<extent.y {
        for x in 0..<extent.x where isInside(z, y, x) {
          let neighbours = [(-1, 0, 0), (1, 0, 0), (0, -1, 0), (0, 1, 0), (0, 0, -1), (0, 0, 1)]
          if !neighbours.allSatisfy({ isInside(z + $0.0, y + $0.1, x + $0.2) }) { voxels.append((z, y, x)) }
        }
      }
    }
    return voxels
  }

  @Test(arguments: [1, 3]) func distancesAreThoseToTheNearestOfAllVoxels(threads: Int) throws {
    var generator = SplitMix64(seed: 21)
    for round in 0..<40 {
      let extent = Extent((0..<3).map { _ in Int.random(in: 1...12, using: &generator) })
      let spacing = Spacing((0..<3).map { _ in Double.random(in: 0.3...4, using: &generator) })
      let maps = (0..<2).map { _ in blobs(extent, share: [1, 5, 9, 10][round % 4], &generator) }
      let slow = maps.map { surface($0) }
      guard slow.allSatisfy({ !$0.isEmpty }) else { continue }
      let fast = try maps.map { try LabelSurface(of: LabelSet([1]), in: $0, box: whole(extent)) }
      #expect(fast.map(\.count) == slow.map(\.count))
      let distances = SurfaceDistances(to: fast[1], spacing: spacing, pool: ComputePool(threads: threads))
        .distances(of: fast[0])
      let expected = slow[0].map { a in
        slow[1].map { b in
          let (z, y, x) = (
            Double(a.z - b.z) * spacing.z, Double(a.y - b.y) * spacing.y, Double(a.x - b.x) * spacing.x
          )
          return (z * z + y * y + x * x).squareRoot()
        }.min() ?? .nan
      }
      #expect(zip(distances, expected).allSatisfy { abs($0 - $1) <= 1e-12 * max(1, $1) })
    }
  }

  @Test func aBoxInsideTheImageGivesTheSameSurface() throws {
    let extent = Extent(z: 6, y: 9, x: 30)
    let map = LabelVolume(extent: extent)
    for z in 1..<4 { for y in 2..<8 { for x in 5..<25 { map[z, y, x] = 1 } } }
    let box = try #require(LabelBoxes(of: map).box(of: LabelSet([1])))
    let inBox = try LabelSurface(of: LabelSet([1]), in: map, box: box)
    #expect(inBox.count == surface(map).count)
    #expect(inBox.count == 3 * 6 * 20 - 1 * 4 * 18)
  }

  /// The bound is a few times what an optimised build takes on an old core; all pairs of these surfaces' voxels would take hours.
  @Test func largeSurfacesTakeSeconds() throws {
    let extent = Extent(z: 150, y: 200, x: 200)
    func ball(_ shift: Int) -> LabelVolume {
      let map = LabelVolume(extent: extent)
      for z in 0..<extent.z {
        for y in 0..<extent.y {
          for x in 0..<extent.x {
            let (dz, dy, dx) = (z - 75, y - 100 + shift, x - 100)
            if 2 * dz * dz + dy * dy + dx * dx < 8000 { map[z, y, x] = 1 }
          }
        }
      }
      return map
    }
    let maps = [ball(0), ball(7)]
    let start = ThreadTime.seconds
    let surfaces = try maps.map { try LabelSurface(of: LabelSet([1]), in: $0, box: whole(extent)) }
    let distances = SurfaceDistances(
      to: surfaces[0], spacing: Spacing(z: 1.5, y: 1, x: 1), pool: ComputePool(threads: 1)
    ).distances(of: surfaces[1])
    #expect(distances.max() == 7)
    #expect(ThreadTime.seconds - start < 8)
  }
}

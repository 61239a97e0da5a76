public import Kernels
public import Volumes

/// The area of the mesh around a mask that marching cubes lays at one half.
///
/// Outside of the image is outside of the mask, so a mask that touches the border is closed there. Counts are whole numbers, so the
/// area's bits don't depend on threads. Memory: 4 bytes a voxel of a row for each thread.
public struct SurfaceMesh: Sendable {
  private let configurations: CubeConfigurations

  /// - Parameter spacing: in mm.
  public init(spacing: Spacing) {
    configurations = CubeConfigurations(spacing: spacing)
  }

  /// In mm².
  /// - Parameter box: where to look; it must lie inside the volume and hold the whole mask.
  public func area(of labels: LabelSet, in volume: LabelVolume, box: VoxelBox, pool: ComputePool) -> Double {
    let extent = box.extent
    let counts = VoxelStorage<Int>(count: pool.threads * 256, repeating: 0)
    let corners = VoxelStorage<UInt8>(count: pool.threads * (extent.x + 2), repeating: 0)
    let flags = labels.flags.map { $0 ? UInt8(1) : 0 }
    // Cubes begin one voxel before the box, so that its faces are closed.
    pool.forEach(extent.z + 1) { step, worker in
      let counts = counts.elements.baseAddress! + worker * 256
      let corners = corners.elements.baseAddress! + worker * (extent.x + 2)
      flags.withUnsafeBufferPointer { flags in
        for row in 0...extent.y {
          Self.gather(z: step - 1, y: row - 1, of: volume, box: box, flags: flags.baseAddress!, into: corners)
          var left = corners[0]
          for x in 1..<extent.x + 2 {
            let right = corners[x]
            counts[Int(left | right << 1)] += 1
            left = right
          }
        }
      }
    }
    return (0..<256).reduce(0) { sum, configuration in
      let count = (0..<pool.threads).reduce(0) { $0 + counts.elements[$1 * 256 + configuration] }
      return count == 0 ? sum : sum + Double(count) * configurations.areas[configuration]
    }
  }

  /// Which of the four voxels (z, y), (z, y+1), (z+1, y), (z+1, y+1) of the box are in the mask, as bits 0, 2, 4, 6, for each x from -1.
  private static func gather(
    z: Int, y: Int, of volume: LabelVolume, box: VoxelBox, flags: UnsafePointer<UInt8>,
    into corners: UnsafeMutablePointer<UInt8>
  ) {
    let extent = box.extent
    corners.update(repeating: 0, count: extent.x + 2)
    for (bit, (plane, row)) in [(z, y), (z, y + 1), (z + 1, y), (z + 1, y + 1)].enumerated() {
      guard (0..<extent.z).contains(plane), (0..<extent.y).contains(row) else { continue }
      let source = volume.row(z: box.lower.z + plane, y: box.lower.y + row) + box.lower.x
      let shift = UInt8(2 * bit)
      for x in 0..<extent.x { corners[x + 1] |= flags[Int(source[x])] << shift }
    }
  }
}

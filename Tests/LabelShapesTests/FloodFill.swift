import Volumes

/// The slow, obvious twin of `ConnectedComponents`: voxels of each component by flood fill, in the order of their first voxels.
enum FloodFill {
  static func components(of mask: [Bool], extent: Extent) -> [[Int]] {
    var seen = [Bool](repeating: false, count: mask.count)
    var components: [[Int]] = []
    for first in mask.indices where mask[first] && !seen[first] {
      seen[first] = true
      var component = [first]
      var next = 0
      while next < component.count {
        for neighbour in neighbours(of: component[next], in: extent) where mask[neighbour] && !seen[neighbour] {
          seen[neighbour] = true
          component.append(neighbour)
        }
        next += 1
      }
      components.append(component)
    }
    return components
  }

  /// Voxels that share a face.
  private static func neighbours(of voxel: Int, in extent: Extent) -> [Int] {
    let plane = extent.y * extent.x
    let (z, y, x) = (voxel / plane, voxel / extent.x % extent.y, voxel % extent.x)
    return [
      z > 0 ? voxel - plane : nil, z + 1 < extent.z ? voxel + plane : nil, y > 0 ? voxel - extent.x : nil,
      y + 1 < extent.y ? voxel + extent.x : nil, x > 0 ? voxel - 1 : nil, x + 1 < extent.x ? voxel + 1 : nil,
    ].compactMap { $0 }
  }
}

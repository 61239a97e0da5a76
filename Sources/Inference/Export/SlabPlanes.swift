internal import SlidingWindow
internal import Volumes

/// The planes at hand while a slab is exported: its own, and the last one before it.
struct SlabPlanes: Sendable {
  let slab: ProbabilitySlab
  /// `[class, y, x]` of the plane before the slab.
  let before: VoxelStorage<Float>

  /// A plane of the first class, and how far the other classes' are apart.
  func plane(_ index: Int) -> (origin: UnsafePointer<Float>, classStride: Int) {
    let extent = slab.probabilities.extent
    let count = extent.y * extent.x
    if index < slab.planes.lowerBound { return (UnsafePointer(before.elements.baseAddress!), count) }
    return (
      UnsafePointer(slab.probabilities.elements.baseAddress! + (index - slab.planes.lowerBound) * count), extent.count
    )
  }

  /// Keeps the slab's last plane for the next slab.
  func keepLast() {
    let count = slab.probabilities.extent.y * slab.probabilities.extent.x
    let (origin, stride) = plane(slab.planes.upperBound - 1)
    for channel in 0..<slab.probabilities.channels {
      (before.elements.baseAddress! + channel * count).update(from: origin + channel * stride, count: count)
    }
  }
}

internal import RandomStreams
internal import Volumes

/// Which patch becomes an item of a batch.
struct PatchChoice: Hashable, Sendable {
  /// Among the phase's cases.
  var place: Int
  /// The first voxel, `[z, y, x]`; it may lie outside the case.
  var start: [Int]
}

/// Draws patches (nnunet/training/dataloading/dataset_loading.py: DataLoader3D, DataLoader2D).
///
/// Along each axis a patch of `size` may hang over a case by half of what `size` exceeds `patch` by, so that the network's patch reaches
/// the border and no further; by more where the case is smaller. A patch that is forced to foreground has a voxel of it in its middle,
/// and may hang over the upper end as far as that takes.
struct PatchSampler: Sendable {
  /// What is cut out.
  let size: Extent
  /// What the network sees.
  let patch: Extent
  /// Whether a patch is a slice.
  let isFlat: Bool

  /// - Parameter extents: the cases'.
  func draw(
    from random: inout RandomStream, extents: [Extent], locations: (Int) -> ForegroundLocations, isForced: Bool
  ) -> PatchChoice {
    let place = random.integer(0...extents.count - 1)
    let extent = extents[place]
    let classes = isForced ? locations(place) : ForegroundLocations(classes: [])
    var start = [0, 0, 0]
    let first = isFlat ? 1 : 0
    if classes.classes.isEmpty {
      if isFlat { start[0] = random.integer(0...extent.z - 1) }
      for axis in first..<3 {
        let bounds = Self.bounds(length: extent[axis], size: size[axis], patch: patch[axis])
        start[axis] = random.integer(bounds)
      }
    } else {
      let chosen = random.integer(0...classes.classes.count - 1)
      let voxel =
        isFlat
        ? Self.voxelOfASlice(classes, chosen, from: &random)
        : classes.voxel(random.integer(0...classes.count(of: chosen) - 1), of: chosen)
      start = voxel
      for axis in first..<3 {
        let bounds = Self.bounds(length: extent[axis], size: size[axis], patch: patch[axis])
        start[axis] = max(bounds.lowerBound, voxel[axis] - size[axis] / 2)
      }
    }
    return PatchChoice(place: place, start: start)
  }

  /// A slice among those where the class has stored voxels, each as likely as another, then one of its stored voxels.
  private static func voxelOfASlice(
    _ classes: ForegroundLocations, _ chosen: Int, from random: inout RandomStream
  ) -> [Int] {
    let places = classes.classes[chosen]
    let slices = Set(stride(from: 0, to: places.count, by: 3).map { places[$0] }).sorted()
    let slice = slices[random.integer(0...slices.count - 1)]
    let voxels = (0..<classes.count(of: chosen)).filter { places[3 * $0] == slice }
    return classes.voxel(voxels[random.integer(0...voxels.count - 1)], of: chosen)
  }

  /// Where a patch may start along an axis.
  static func bounds(length: Int, size: Int, patch: Int) -> ClosedRange<Int> {
    let overhang = max(size - patch, size - length)
    let (half, odd) = (overhang >> 1, overhang & 1)  // rounded down, as Python's // does
    return -half - odd...length + half + odd - size
  }
}

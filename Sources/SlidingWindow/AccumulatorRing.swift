internal import Kernels
internal import Volumes

/// Sums of weighted probabilities, and of weights, for the planes that a row of tiles covers.
///
/// Plane `z` of the volume lives in slot `z % planes`; a plane that is taken leaves zeros in its slot for the plane that follows.
struct AccumulatorRing {
  private let plan: TilePlan
  private let classes: Int
  private let planes: Int
  private let planeCount: Int
  /// `[slot, class, y, x]`.
  private let sums: VoxelStorage<Float>
  /// `[slot, y, x]`; empty when tiles aren't weighted.
  private let weightSums: VoxelStorage<Float>
  private let importance: ImportanceMap?

  init(plan: TilePlan, classes: Int, planes: Int) {
    self.plan = plan
    self.classes = classes
    self.planes = planes
    planeCount = plan.volume.y * plan.volume.x
    importance = plan.isWeighted ? ImportanceMap(patch: plan.patch, window: plan.window) : nil
    sums = VoxelStorage(count: planes * classes * planeCount, repeating: 0)
    weightSums = VoxelStorage(count: importance == nil ? 0 : planes * planeCount, repeating: 0)
  }

  /// Adds a tile, `[class, z, y, x]`, where it covers the volume. Each plane of each class is the work of one thread.
  mutating func add(_ tile: ChannelVolume, at place: TilePlan.Tile, pool: ComputePool) {
    let covered = plan.covered(by: place)
    let patch = plan.patch
    // A voxel of the volume plus this is its place in the patch.
    let offset = Extent((0..<3).map { plan.paddingBelow[$0] - place.start[$0] })
    let width = covered.extent.x
    let lanes = classes + 1
    let source = tile.elements.baseAddress!
    let sums = sums.elements.baseAddress!
    let weightSums = weightSums.elements.baseAddress
    let volume = plan.volume
    let classes = self.classes
    let planes = self.planes
    let planeCount = self.planeCount

    func rows(_ z: Int, _ body: (_ inPlane: Int, _ inPatch: Int) -> Void) {
      for y in covered.lower.y..<covered.upper.y {
        body(
          y * volume.x + covered.lower.x,
          ((z + offset.z) * patch.y + y + offset.y) * patch.x + covered.lower.x + offset.x)
      }
    }

    guard let importance else {
      pool.forEach(covered.extent.z * classes) { item, _ in
        let (plane, channel) = item.quotientAndRemainder(dividingBy: classes)
        let z = covered.lower.z + plane
        let sum = sums + ((z % planes) * classes + channel) * planeCount
        rows(z) { inPlane, inPatch in
          let target = sum + inPlane
          let from = source + channel * patch.count + inPatch
          for x in 0..<width { target[x] += from[x] }
        }
      }
      return
    }
    importance.weights.withUnsafeBufferPointer { buffer in
      let weights = buffer.baseAddress!
      pool.forEach(covered.extent.z * lanes) { item, _ in
        let (plane, channel) = item.quotientAndRemainder(dividingBy: lanes)
        let z = covered.lower.z + plane
        if channel == classes {
          let sum = weightSums! + (z % planes) * planeCount
          rows(z) { inPlane, inPatch in
            let target = sum + inPlane
            let weight = weights + inPatch
            for x in 0..<width { target[x] += weight[x] }
          }
        } else {
          let sum = sums + ((z % planes) * classes + channel) * planeCount
          rows(z) { inPlane, inPatch in
            let target = sum + inPlane
            let from = source + channel * patch.count + inPatch
            let weight = weights + inPatch
            for x in 0..<width { target[x] += from[x] * weight[x] }
          }
        }
      }
    }
  }

  /// The means of finished planes, `[class, plane, y, x]`; their slots are empty again.
  mutating func take(_ range: Range<Int>, pool: ComputePool) -> ChannelVolume {
    let result = ChannelVolume(
      channels: classes, extent: Extent(z: range.count, y: plan.volume.y, x: plan.volume.x),
      storage: VoxelStorage(uninitialized: classes * range.count * planeCount))
    let target = result.elements.baseAddress!
    let sums = sums.elements.baseAddress!
    let weightSums = weightSums.elements.baseAddress
    let classes = self.classes
    let planes = self.planes
    let planeCount = self.planeCount
    let isWeighted = importance != nil
    pool.forEach(range.count * classes) { item, _ in
      let (plane, channel) = item.quotientAndRemainder(dividingBy: classes)
      let slot = (range.lowerBound + plane) % planes
      let sum = sums + (slot * classes + channel) * planeCount
      let mean = target + (channel * range.count + plane) * planeCount
      if isWeighted {
        let weight = weightSums! + slot * planeCount
        for voxel in 0..<planeCount { mean[voxel] = sum[voxel] / weight[voxel] }
      } else {
        mean.update(from: sum, count: planeCount)
      }
      sum.update(repeating: 0, count: planeCount)
    }
    if let weightSums {
      for z in range { (weightSums + (z % planes) * planeCount).update(repeating: 0, count: planeCount) }
    }
    return result
  }
}

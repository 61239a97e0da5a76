internal import Kernels
internal import Volumes

/// Sums of weighted probabilities, and of weights, over a block of a volume's planes.
struct PlaneAccumulator {
  private let plan: TilePlan
  private let classes: Int
  private let importance: ImportanceMap?
  private let planeCount: Int
  /// The planes of the volume that are added up at the moment.
  private(set) var planes: Range<Int> = 0..<0
  /// `[class, plane, y, x]`.
  private var sums: VoxelStorage<Float>
  /// `[plane, y, x]`; empty when tiles aren't weighted.
  private let weightSums: VoxelStorage<Float>

  /// - Parameter planes: the most planes that a block has.
  init(plan: TilePlan, classes: Int, planes: Int) {
    self.plan = plan
    self.classes = classes
    planeCount = plan.volume.y * plan.volume.x
    importance = plan.isWeighted ? ImportanceMap(patch: plan.patch, window: plan.window) : nil
    sums = VoxelStorage(uninitialized: 0)
    weightSums = VoxelStorage(uninitialized: importance == nil ? 0 : planes * planeCount)
  }

  /// Starts a block with zeros.
  mutating func begin(_ block: Range<Int>, pool: ComputePool) {
    planes = block
    let count = block.count * planeCount
    // All blocks but the last have the same size; the sums of the one before were handed on and aren't needed any more.
    if sums.elements.count != classes * count {
      sums = VoxelStorage(uninitialized: 0)
      sums = VoxelStorage(uninitialized: classes * count)
    }
    let (target, planeCount) = (sums.elements.baseAddress!, planeCount)
    pool.forEach(classes * block.count) { item, _ in
      (target + item * planeCount).update(repeating: 0, count: planeCount)
    }
    if let weights = weightSums.elements.baseAddress { weights.update(repeating: 0, count: count) }
  }

  /// Adds the planes `range` of a tile, `[class, z, y, x]`, where it covers the volume. Each plane of each class is the work of one
  /// thread.
  /// - Parameter range: planes of the volume, within the block.
  mutating func add(_ tile: ChannelVolume, at place: TilePlan.Tile, planes range: Range<Int>, pool: ComputePool) {
    let covered = plan.covered(by: place)
    let (volume, patch, block, planeCount, classes) = (plan.volume, plan.patch, planes, planeCount, classes)
    // A voxel of the volume plus this is its place in the patch.
    let offset = Extent((0..<3).map { plan.paddingBelow[$0] - place.start[$0] })
    let width = covered.extent.x
    let source = tile.elements.baseAddress!
    let sums = sums.elements.baseAddress!
    let weightSums = weightSums.elements.baseAddress
    let kernels = VolumeKernels.best

    func rows(_ z: Int, _ body: (_ inPlane: Int, _ inPatch: Int) -> Void) {
      for y in covered.lower.y..<covered.upper.y {
        body(
          y * volume.x + covered.lower.x,
          ((z + offset.z) * patch.y + y + offset.y) * patch.x + covered.lower.x + offset.x)
      }
    }
    func sum(_ z: Int, _ channel: Int) -> UnsafeMutablePointer<Float> {
      sums + (channel * block.count + z - block.lowerBound) * planeCount
    }

    guard let importance, let weightSums else {
      pool.forEach(range.count * classes) { item, _ in
        let (channel, plane) = item.quotientAndRemainder(dividingBy: range.count)
        let z = range.lowerBound + plane
        let target = sum(z, channel)
        let values = source + channel * patch.count
        rows(z) { kernels.add(target + $0, values + $1, count: width) }
      }
      return
    }
    importance.weights.withUnsafeBufferPointer { buffer in
      let weights = buffer.baseAddress!
      pool.forEach(range.count * (classes + 1)) { item, _ in
        let (channel, plane) = item.quotientAndRemainder(dividingBy: range.count)
        let z = range.lowerBound + plane
        if channel == classes {
          let target = weightSums + (z - block.lowerBound) * planeCount
          rows(z) { kernels.add(target + $0, weights + $1, count: width) }
        } else {
          let target = sum(z, channel)
          let values = source + channel * patch.count
          rows(z) { kernels.addWeighted(target + $0, values + $1, weights + $1, count: width) }
        }
      }
    }
  }

  /// The means of the block's planes, `[class, plane, y, x]`: the sums themselves, divided, and overwritten by the next block.
  func means(pool: ComputePool) -> ProbabilitySlab {
    let (block, planeCount) = (planes, planeCount)
    if let weights = weightSums.elements.baseAddress {
      let sums = sums.elements.baseAddress!
      pool.forEach(classes * block.count) { item, _ in
        VolumeKernels.best.divide(
          sums + item * planeCount, by: weights + item % block.count * planeCount, count: planeCount)
      }
    }
    return ProbabilitySlab(
      planes: block,
      probabilities: ChannelVolume(
        channels: classes, extent: Extent(z: block.count, y: plan.volume.y, x: plan.volume.x), storage: sums))
  }
}

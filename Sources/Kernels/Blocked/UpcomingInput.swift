internal import CKernels

/// What the brick after this one reads. A brick reads many short lines in places far apart, which no hardware prefetcher follows, and
/// would wait for memory longer than it computes; so they are brought to the second-level cache a few at a time while products, which need
/// nothing but arithmetic, are computed.
struct UpcomingInput {
  let blocks: [InputBlock]
  /// Of the input.
  let extent: SIMD3<Int>
  /// The first voxel that is read; it may be padding.
  let first: SIMD3<Int>
  /// Voxels that are read, per axis.
  let size: SIMD3<Int>

  /// Lines that one of `count` products brings near. It is a hint: lines of a plane that begins within the share are left out, and
  /// those of the padding lead nowhere.
  func lines(share: Int, of count: Int) -> tessera_soon {
    let (planes, lines) = (size[0], size[1])
    let all = blocks.count * planes * lines
    let begin = share * all / count
    let end = (share + 1) * all / count
    let plane = begin / lines
    guard begin < end else { return tessera_soon() }
    let voxel = SIMD3(plane % planes, begin % lines, 0) &+ first
    let block = blocks[plane / planes]
    let place = (voxel[0] % block.heldPlanes * extent[1] + voxel[1]) * extent[2] + voxel[2]
    return tessera_soon(
      from: block.base + place * BlockedTensor.lanes, stride: extent[2] * BlockedTensor.lanes,
      lines: min(end, (plane + 1) * lines) - begin, length: size[2] * BlockedTensor.lanes)
  }
}

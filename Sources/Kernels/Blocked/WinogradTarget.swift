/// Where a term of a Winograd convolution puts what it computes.
struct WinogradTarget {
  /// The output, or a part of it.
  let tensor: BlockedTensor
  /// The output's voxel that is the tensor's first one.
  var origin = SIMD3(0, 0, 0)
  /// What is added to the term: the terms before, in the output itself or in a part of it. The tensor may be the same.
  var added: BlockedTensor?
  var addedOrigin = SIMD3(0, 0, 0)
  /// `nil` where the sum isn't complete.
  var moments: PartMoments?
  /// Whether the tensor is written past the caches.
  var pastCaches = false

  /// The voxel behind the last one, in the output.
  var end: SIMD3<Int> { origin &+ tensor.extent }
}

extension BlockedTensor {
  /// Where the vector of one voxel lies.
  func address(block: Int, voxel: SIMD3<Int>) -> UnsafePointer<Float> {
    let number = (voxel[0] * extent[1] + voxel[1]) * extent[2] + voxel[2]
    return UnsafePointer(self.block(block) + number * Self.lanes)
  }
}

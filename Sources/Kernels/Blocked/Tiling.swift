extension SIMD3<Int> {
  /// How many boxes of the size `other` cover this extent, along each axis.
  ///
  /// One axis at a time: a division of three lanes trapped in debug builds, perhaps on the lane that nobody uses.
  func dividedUp(by other: SIMD3<Int>) -> SIMD3<Int> {
    SIMD3(
      (self[0] + other[0] - 1) / other[0], (self[1] + other[1] - 1) / other[1], (self[2] + other[2] - 1) / other[2])
  }

  /// Voxels, or tiles, of a box of this extent.
  var product: Int { self[0] * self[1] * self[2] }

  /// The place of a box of this extent that has the number `number`, x fastest.
  func place(_ number: Int) -> SIMD3<Int> {
    SIMD3(number / (self[2] * self[1]), number / self[2] % self[1], number % self[2])
  }
}

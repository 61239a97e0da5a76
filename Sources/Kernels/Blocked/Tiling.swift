extension SIMD3<Int> {
  /// How many boxes of the size `other` cover this extent, along each axis.
  ///
  /// One axis at a time: the compiler may divide three lanes as four, of which the last holds anything, zero too.
  func dividedUp(by other: SIMD3<Int>) -> SIMD3<Int> {
    SIMD3(
      (self[0] + other[0] - 1) / other[0], (self[1] + other[1] - 1) / other[1], (self[2] + other[2] - 1) / other[2])
  }
}

/// In which order the bricks of a convolution are computed.
public enum SlabOrder: Sendable {
  case any
  /// One slab of planes after the other: an output may overwrite an input that lies a slab, and what a slab sees beyond, behind it.
  case forward
  /// From the last slab to the first one, for an output behind the input.
  case backward

  /// Calls `body` for each brick of a box of bricks, z first.
  /// - Parameter beforeSlab: called with the number of a slab before its bricks; not for `any`.
  func forEach(
    _ bricks: SIMD3<Int>, _ pool: ComputePool, beforeSlab: (_ slab: Int) -> Void,
    _ body: (_ item: Int, _ worker: Int) -> Void
  ) {
    guard self != .any else { return pool.forEach(bricks.product, body) }
    let count = bricks[1] * bricks[2]
    for number in 0..<bricks[0] {
      let slab = self == .forward ? number : bricks[0] - 1 - number
      beforeSlab(slab)
      pool.forEach(count) { item, worker in body(slab * count + item, worker) }
    }
  }
}

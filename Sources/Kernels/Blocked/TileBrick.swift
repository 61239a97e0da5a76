/// How many tiles of a Winograd convolution are computed together.
enum TileBrick {
  // Measured on Zen 4 (1 MB of L2 a core). A brick's transformed tiles take half of the cache, and sixteen tiles, or eight large
  // ones, keep the products busy even where they don't fit. Large weights, which each brick reads anew, want more tiles.
  private static let brickFloats = 128 << 10
  private static let largeTile = 32 << 10
  private static let largeWeights = 2 << 20
  private static let mostTiles = 64
  private static let enoughBricks = 8
  /// Along x the tiles of a row share inputs, along z those of a column. The first sixteen are no more than two along z, so that slabs are
  /// thin: what lies between an output and the input whose place it takes, and what is held of an upsampled tensor.
  private static let order = [2, 0, 2, 1, 1, 2, 0, 1, 2, 0, 1]
  /// Of tiles of eight outputs: few along z, so that an output in place of an input lies near to it.
  private static let orderOfLargeTiles = [0, 2, 1, 2, 1, 2, 0, 1]
  /// Of the planes' kernels.
  private static let longestRow = 8

  /// Tiles per axis; `nil` where there would be too few bricks to share out.
  static func size(of term: WinogradTerm) -> SIMD3<Int>? {
    let isLarge = term.transform.x == .doubledFour
    let least = term.tileFloats > largeTile ? 8 : 16
    let most = min(max(brickFloats / term.tileFloats, least), mostTiles)
    let many = isLarge ? [mostTiles / 2] : [mostTiles, mostTiles / 2]
    return (term.packedWeights > largeWeights ? many : [most]).lazy
      .map { size(tiles: term.tiles, most: $0, order: isLarge ? orderOfLargeTiles : order) }
      .first { term.tiles.dividedUp(by: $0).product >= enoughBricks }
  }

  private static func size(tiles: SIMD3<Int>, most: Int, order: [Int]) -> SIMD3<Int> {
    var brick = SIMD3(1, 1, 1)
    for axis in order where 2 * brick.product <= most && brick[axis] < tiles[axis] {
      if axis == 2 && brick[2] == longestRow { continue }
      brick[axis] *= 2
    }
    return brick
  }
}

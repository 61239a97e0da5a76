/// How many tiles of a Winograd convolution are computed together.
enum TileBrick {
  // Measured on Zen 4 (1 MB of L2 a core): a brick's transformed tiles take half of the cache, and sixteen tiles keep the products
  // busy even where they don't fit. Weights beyond the cache are read again by each brick, so bricks are larger then.
  private static let brickFloats = 128 << 10
  private static let brickTiles = 16...64
  private static let cachedWeights = 1 << 20
  private static let tilesBesideLargeWeights = 32
  private static let enoughBricks = 16
  /// Along x the tiles of a row share inputs, along z those of a column; only then y.
  private static let order = [2, 0, 2, 0, 1, 2, 0, 1, 2, 0, 1]
  /// Of the planes' kernels.
  private static let longestRow = 8

  /// Per axis; `nil` where there would be too few bricks to share out.
  /// - Parameters:
  ///   - tiles: of the layer.
  ///   - tileFloats: of one transformed tile.
  ///   - weightFloats: of the layer's transformed weights.
  static func size(tiles: SIMD3<Int>, tileFloats: Int, weightFloats: Int) -> SIMD3<Int>? {
    let least = weightFloats > cachedWeights ? tilesBesideLargeWeights : brickTiles.lowerBound
    let most = min(max(brickFloats / tileFloats, least), brickTiles.upperBound)
    var brick = SIMD3(1, 1, 1)
    for axis in order where 2 * brick.product <= most && brick[axis] < tiles[axis] {
      if axis == 2 && brick[2] == longestRow { continue }
      brick[axis] *= 2
    }
    return tiles.dividedUp(by: brick).product >= enoughBricks ? brick : nil
  }
}

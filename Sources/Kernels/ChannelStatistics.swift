/// Mean and biased variance of each channel, put together from those of tiles.
///
/// Tiles have their own means and squared deviations (in float32, over a few hundred voxels that are hot in cache); they are
/// combined in double, in tile order, by Chan's formula (Chan, Golub, LeVeque: Updating formulae and a pairwise algorithm for
/// computing sample variances, 1979). So |mean| >> deviation costs no accuracy, and the threads' timing doesn't matter.
struct ChannelStatistics {
  /// Voxels in all.
  let total: Int
  /// Voxels of each tile but the last, which may have fewer.
  let tileRows: Int
  /// `[channel][tile]`.
  let means: UnsafeMutablePointer<Double>
  /// `[channel][tile]`: sums of squared deviations from the tile's mean.
  let deviations: UnsafeMutablePointer<Double>

  var tiles: Int { (total + tileRows - 1) / tileRows }

  /// Voxels of one tile.
  func rows(ofTile tile: Int) -> Int { min(tileRows, total - tile * tileRows) }

  /// Mean and biased variance of one channel over all voxels.
  func combined(channel: Int) -> (mean: Double, variance: Double) {
    let means = means + channel * tiles
    let deviations = deviations + channel * tiles
    let last = tiles - 1
    let lastRows = Double(rows(ofTile: last))

    var sum = 0.0
    for tile in 0..<last { sum += means[tile] }
    let mean = (sum * Double(tileRows) + means[last] * lastRows) / Double(total)

    var within = deviations[last]
    var between = 0.0
    for tile in 0..<last {
      within += deviations[tile]
      between += (means[tile] - mean) * (means[tile] - mean)
    }
    let betweenLast = (means[last] - mean) * (means[last] - mean) * lastRows
    return (mean, (within + between * Double(tileRows) + betweenLast) / Double(total))
  }
}

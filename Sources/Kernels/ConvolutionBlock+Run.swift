extension ConvolutionBlock {
  /// Computes the block's output, `[z][y][x][output channel]`.
  /// - Parameters:
  ///   - inputs: one tensor for each source, `[z][y][x][channel]`; none overlaps the output.
  ///   - weights: from `pack`.
  ///   - residual: `[z][y][x][output channel]`, added before an activation that comes last; `nil` for 0.
  public func run(
    inputs: [UnsafePointer<Float>], weights: UnsafePointer<Float>, tail: BlockTail,
    residual: UnsafePointer<Float>? = nil, output: UnsafeMutablePointer<Float>, workplace: Workplace,
    pool: ComputePool, kernels: ActivationKernels = .best
  ) {
    let statistics = convolve(
      inputs: inputs, weights: weights, tail: tail, residual: residual, output: output, workplace: workplace,
      pool: pool, kernels: kernels)
    guard
      let affine = tail.afterStatistics(
        statistics, channels: outputChannels, mean: workplace.scales, scales: workplace.scales + outputChannels,
        pool: pool)
    else { return }
    pool.forEach(statistics.tiles) { tile, _ in
      let first = tile * tileRows * outputChannels
      kernels.normalize(
        output + first, count: statistics.rows(ofTile: tile), channels: outputChannels, stride: outputChannels,
        affine: affine, residual: residual.map { $0 + first },
        activation: tail.activatesFirst ? .none : tail.activation)
    }
  }

  /// The convolution, what the tail does to each tile, and each tile's statistics if the tail needs them.
  func convolve(
    inputs: [UnsafePointer<Float>], weights: UnsafePointer<Float>, tail: BlockTail, residual: UnsafePointer<Float>?,
    output: UnsafeMutablePointer<Float>, workplace: Workplace, pool: ComputePool, kernels: ActivationKernels
  ) -> ChannelStatistics {
    let total = window.outputCount
    let tiles = (total + tileRows - 1) / tileRows
    let statistics = ChannelStatistics(
      total: total, tileRows: tileRows, means: workplace.statistics,
      deviations: workplace.statistics + tiles * outputChannels)
    let blocks = (outputChannels + blockColumns - 1) / blockColumns
    let columnFloats = (tileRows * (chunks.map(\.columns).max() ?? 0) + 15) / 16 * 16
    var windowForC = window.forC
    let inTile = tail.inTile
    let isFixed = if case .fixed = tail.normalization { true } else { false }

    withUnsafePointer(to: &windowForC) { windowForC in
      pool.forEach(tiles * blocks) { item, worker in
        let tile = item / blocks
        let first = tile * tileRows
        let rows = statistics.rows(ofTile: tile)
        let firstColumn = item % blocks * blockColumns
        let width = min(blockColumns, outputChannels - firstColumn)
        let columns = workplace.scratch.floats(worker: worker)
        let place = first * outputChannels + firstColumn
        let target = output + place

        for (index, chunk) in chunks.enumerated() {
          kernels.table.pointee.gather_columns(
            windowForC, inputs[chunk.source], sources[chunk.source], first, rows, chunk.firstTapRow, chunk.tapRows,
            columns, chunk.columns)
          OpenBLAS.multiply(
            rows: rows, columns: width, inner: chunk.columns, a: columns, strideA: chunk.columns,
            b: weights + chunk.firstRow * outputChannels + firstColumn, strideB: outputChannels, adding: index > 0,
            c: target, strideC: outputChannels)
        }

        for (index, step) in inTile.enumerated() {
          kernels.normalize(
            target, count: rows, channels: width, stride: outputChannels,
            affine: step.affine.from(channel: firstColumn),
            residual: isFixed && index == inTile.count - 1 ? residual.map { $0 + place } : nil,
            activation: step.activation.from(channel: firstColumn))
        }
        if isFixed { return }

        UnsafeMutableRawPointer(columns + columnFloats).withMemoryRebound(to: Double.self, capacity: 2 * width) {
          moments in
          kernels.rowStatistics(
            target, count: rows, channels: width, stride: outputChannels, mean: moments, deviations: moments + width)
          for column in 0..<width {
            statistics.means[(firstColumn + column) * tiles + tile] = moments[column]
            statistics.deviations[(firstColumn + column) * tiles + tile] = moments[width + column]
          }
        }
      }
    }
    return statistics
  }
}

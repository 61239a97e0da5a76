internal import CKernels

/// A convolution by Winograd's method in three steps: tiles of the input are transformed, one small product for each point of
/// the transform mixes the channels, the products are transformed back.
///
/// Where the output has many tiles, the three steps run for one brick of tiles after the other, so that what lies between them
/// stays in the second-level cache (Gelashvili, Shavit, Zlateski: L3 fusion, arXiv 1912.02165). Where it has few, each step runs for all
/// tiles, so that all threads have work and the weights, which are large there, are read once.
///
/// Bricks depend on the layer's shape alone, never on the number of threads; so the bits don't either.
public struct WinogradConvolution: Sendable {
  public let window: ConvolutionWindow
  public let transform: WinogradTransform
  public let outputChannels: Int
  let inputs: BlockedChannels
  /// Tiles of the output, per axis.
  let tiles: SIMD3<Int>
  /// Tiles of a brick, per axis; `nil` where each step runs for all tiles.
  let brick: SIMD3<Int>?

  /// - Parameters:
  ///   - sources: channels of each input tensor, in the order of concatenation.
  ///   - transform: one that fits the window.
  public init(window: ConvolutionWindow, sources: [Int], outputChannels: Int, transform: WinogradTransform) {
    precondition(transform.fits(window), "a transform of another kind of convolution")
    self.window = window
    self.transform = transform
    self.outputChannels = outputChannels
    inputs = BlockedChannels(sources)
    tiles = transform.tiles(window.output)
    brick = Self.brick(
      tiles: tiles,
      tileFloats: transform.pointCount * max(inputs.padded, BlockedTensor.blocks(outputChannels) * BlockedTensor.lanes))
  }

  // Measured on Zen 4 (1 MB of L2 a core): a brick's transformed tiles take half of the cache, and sixteen tiles keep the products
  // busy even where they don't fit.
  private static let brickFloats = 128 << 10
  private static let brickTiles = 16...64
  private static let enoughBricks = 16

  private static func brick(tiles: SIMD3<Int>, tileFloats: Int) -> SIMD3<Int>? {
    let most = min(max(brickFloats / tileFloats, brickTiles.lowerBound), brickTiles.upperBound)
    var brick = SIMD3(1, 1, 1)
    var grown = true
    while grown {
      grown = false
      for axis in [2, 1, 0] where 2 * voxels(brick) <= most && brick[axis] < tiles[axis] {
        brick[axis] *= 2
        grown = true
      }
    }
    return voxels(tiles.dividedUp(by: brick)) >= enoughBricks ? brick : nil
  }

  private static func voxels(_ extent: SIMD3<Int>) -> Int { extent[0] * extent[1] * extent[2] }

  private var outputBlocks: Int { BlockedTensor.blocks(outputChannels) }
  private var outputWidth: Int { outputBlocks * BlockedTensor.lanes }
  /// Tiles that are in flight at once.
  private var tilesAtOnce: Int { Self.voxels(brick ?? tiles) }
  // Points lie a little more than a row of tiles apart: at powers of two they would share the sets of a cache.
  private var transformedStride: Int { tilesAtOnce * inputs.padded + BlockedTensor.lanes }
  private var productStride: Int { tilesAtOnce * outputWidth + BlockedTensor.lanes }
  /// Whether a brick's products overwrite its transformed input, so that twice as many tiles stay in cache.
  private var inPlace: Bool { brick != nil && inputs.padded >= outputWidth }

  private var bricks: SIMD3<Int> { brick.map(tiles.dividedUp) ?? SIMD3(1, 1, 1) }
  /// Groups of tiles that the last of three phases shares out for each block of channels.
  private var tileGroups: Int { min(Self.voxels(tiles), max(1, 32 / outputBlocks)) }

  /// Parts of the statistics.
  public var parts: Int { brick == nil ? tileGroups : Self.voxels(bricks) }

  /// Floats of the packed weights.
  public var packedWeights: Int { transform.pointCount * outputWidth * inputs.padded }

  public var scratch: ScratchNeed {
    let points = transform.pointCount
    let moments = 3 * BlockedTensor.lanes
    guard brick != nil else {
      return ScratchNeed(shared: points * (transformedStride + productStride), perWorker: moments)
    }
    let products = inPlace ? tilesAtOnce * outputWidth : points * productStride
    return ScratchNeed(perWorker: points * transformedStride + products + moments)
  }

  /// Transforms the weights, in double, and lays them out as the products take them: `[point][panel][input channel][16]`.
  /// - Parameters:
  ///   - weights: `[output channel][input channel][kernel z][kernel y][kernel x]`, as nnU-Net stores them.
  ///   - packed: `packedWeights` floats, aligned to 64 bytes.
  public func pack(
    _ weights: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>, pool: ComputePool,
    kernels: BlockedKernels = .best
  ) {
    let lanes = BlockedTensor.lanes
    let channels = inputs.places.count
    let taps = Self.voxels(transform.kernel)
    let matrices = transform.axes.map { axis in axis.weights.map { ($0[0], $0[1], $0[2]) } }
    let points = transform.axes.map { Int32($0.rawValue) }
    let kernel = transform.axes.map { Int32($0.kernel) }
    let stride = outputWidth * inputs.padded
    if channels != inputs.padded { packed.update(repeating: 0, count: packedWeights) }
    let chunk = 32
    let chunks = (channels + chunk - 1) / chunk
    pool.forEach(outputBlocks * chunks) { item, _ in
      let panel = item / chunks
      let outputs = min(lanes, outputChannels - panel * lanes)
      matrices[0].withUnsafeBufferPointer { z in
        matrices[1].withUnsafeBufferPointer { y in
          matrices[2].withUnsafeBufferPointer { x in
            let axes = [z.baseAddress, y.baseAddress, x.baseAddress]
            axes.withUnsafeBufferPointer { axes in
              for channel in item % chunks * chunk..<min((item % chunks + 1) * chunk, channels) {
                kernels.winograd.weights(
                  points, UnsafeMutablePointer(mutating: axes.baseAddress), kernel,
                  weights + (panel * lanes * channels + channel) * taps, channels * taps, Int32(outputs),
                  packed + (panel * inputs.padded + inputs.places[channel]) * lanes, stride)
              }
            }
          }
        }
      }
    }
  }

  /// Computes the convolution without bias, and its statistics.
  /// - Parameters:
  ///   - tensors: one for each source; none overlaps the output.
  ///   - weights: from `pack`.
  ///   - output: overwritten; its `pending` doesn't matter.
  ///   - moments: made for `parts`.
  public func run(
    _ tensors: [BlockedTensor], weights: UnsafePointer<Float>, output: BlockedTensor, moments: PartMoments,
    scratch: UnsafeMutablePointer<Float>, pool: ComputePool, kernels: BlockedKernels = .best
  ) {
    guard let tile = kernels.tile(points: transform.points) else {
      preconditionFailure("no kernels for \(transform)")  // `WinogradTransform.all` lists what there is
    }
    let work = Work(
      tile: tile, kernels: kernels, blocks: InputBlock.list(tensors), weights: weights, output: output,
      moments: moments, pastCaches: LastLevelCache.isExceeded(by: output))
    let room = LayerScratch(base: scratch, need: self.scratch)
    if brick != nil {
      pool.forEach(parts) { item, worker in compute(brick: item, work, room.floats(worker: worker)) }
    } else {
      computeInPhases(work, room, pool)
    }
  }

  /// What one run is about.
  private struct Work {
    let tile: tessera_winograd_tile
    let kernels: BlockedKernels
    let blocks: [InputBlock]
    let weights: UnsafePointer<Float>
    let output: BlockedTensor
    let moments: PartMoments
    let pastCaches: Bool
  }

  /// Calls `body` with the kernels' form of an extent and of a place, which it sets.
  @inline(__always)
  private func withPlaces(
    _ extent: SIMD3<Int>, _ body: (_ extent: UnsafePointer<Int>, _ place: UnsafeMutablePointer<Int>) -> Void
  ) {
    withUnsafeTemporaryAllocation(of: Int.self, capacity: 6) { memory in
      guard let base = memory.baseAddress else { return }
      for axis in 0..<3 { base[axis] = extent[axis] }
      body(base, base + 3)
    }
  }

  /// Where a tile's first input lies.
  @inline(__always)
  private func setInput(_ place: UnsafeMutablePointer<Int>, tile: SIMD3<Int>) {
    let at = tile &* transform.outputs &* window.stride &- window.kernel &>> 1
    for axis in 0..<3 { place[axis] = at[axis] }
  }

  @inline(__always)
  private func setOutput(_ place: UnsafeMutablePointer<Int>, tile: SIMD3<Int>) {
    let at = tile &* transform.outputs
    for axis in 0..<3 { place[axis] = at[axis] }
  }

  /// A tile by its number in a box of tiles, x fastest.
  @inline(__always)
  private static func tile(_ number: Int, in box: SIMD3<Int>, from first: SIMD3<Int> = .zero) -> SIMD3<Int> {
    first &+ SIMD3(number / (box[2] * box[1]), number / box[2] % box[1], number % box[2])
  }

  // MARK: Bricks

  private func compute(brick item: Int, _ work: Work, _ scratch: UnsafeMutablePointer<Float>) {
    guard let brick else { return }
    let first = Self.tile(item, in: bricks) &* brick
    let box = pointwiseMin(brick, tiles &- first)
    let count = Self.voxels(box)
    let points = transform.pointCount
    let transformed = scratch
    let staging = scratch + points * transformedStride
    let products = inPlace ? transformed : staging
    let productStride = inPlace ? transformedStride : productStride
    let moments = staging + (inPlace ? tilesAtOnce * outputWidth : points * productStride)

    withPlaces(window.input) { extent, place in
      for number in 0..<count {
        setInput(place, tile: Self.tile(number, in: box, from: first))
        for (index, block) in work.blocks.enumerated() {
          work.tile.input(
            block.base, extent, place, block.scale, block.shift, block.slope,
            transformed + number * inputs.padded + index * BlockedTensor.lanes, transformedStride)
        }
      }
    }

    var noOffset = 0
    withUnsafePointer(to: &noOffset) { noOffset in
      for point in 0..<points {
        work.kernels.multiply(
          tessera_product(
            a: transformed + point * transformedStride, a_row: inputs.padded, offsets: noOffset, taps: 1,
            inner: inputs.padded, weights: work.weights + point * outputWidth * inputs.padded,
            c: products + point * productStride, c_row: outputWidth, c_panel: BlockedTensor.lanes, rows: count,
            panels: outputBlocks, staging: inPlace ? staging : nil))
      }
    }

    withPlaces(window.output) { extent, place in
      for block in 0..<outputBlocks {
        var written = 0
        for number in 0..<count {
          setOutput(place, tile: Self.tile(number, in: box, from: first))
          written += work.tile.output(
            products + number * outputWidth + block * BlockedTensor.lanes, productStride, work.output.block(block),
            extent, place, moments, written == 0 ? 1 : 0, work.pastCaches ? 1 : 0)
        }
        work.moments.record(part: item, block: block, count: written, sums: moments)
      }
    }
  }

  // MARK: Phases

  /// Input blocks that one item of the first phase transforms.
  private static let blocksOfAnItem = 4
  /// Panels that one item of the second phase computes.
  private static let panelsOfAnItem = 8

  private func computeInPhases(_ work: Work, _ room: LayerScratch, _ pool: ComputePool) {
    let points = transform.pointCount
    let count = Self.voxels(tiles)
    let transformed = room.shared
    let products = room.shared + points * transformedStride

    let blockGroups = (inputs.blocks + Self.blocksOfAnItem - 1) / Self.blocksOfAnItem
    pool.forEach(count * blockGroups) { item, _ in
      let number = item / blockGroups
      let first = item % blockGroups * Self.blocksOfAnItem
      withPlaces(window.input) { extent, place in
        setInput(place, tile: Self.tile(number, in: tiles))
        for index in first..<min(first + Self.blocksOfAnItem, inputs.blocks) {
          let block = work.blocks[index]
          work.tile.input(
            block.base, extent, place, block.scale, block.shift, block.slope,
            transformed + number * inputs.padded + index * BlockedTensor.lanes, transformedStride)
        }
      }
    }

    let panelGroups = (outputBlocks + Self.panelsOfAnItem - 1) / Self.panelsOfAnItem
    pool.forEach(points * panelGroups) { item, _ in
      let point = item / panelGroups
      let first = item % panelGroups * Self.panelsOfAnItem
      var noOffset = 0
      withUnsafePointer(to: &noOffset) { noOffset in
        work.kernels.multiply(
          tessera_product(
            a: transformed + point * transformedStride, a_row: inputs.padded, offsets: noOffset, taps: 1,
            inner: inputs.padded,
            weights: work.weights + (point * outputWidth + first * BlockedTensor.lanes) * inputs.padded,
            c: products + point * productStride + first * BlockedTensor.lanes, c_row: outputWidth,
            c_panel: BlockedTensor.lanes, rows: count, panels: min(Self.panelsOfAnItem, outputBlocks - first),
            staging: nil))
      }
    }

    let groups = tileGroups
    pool.forEach(outputBlocks * groups) { item, worker in
      let block = item / groups
      let group = item % groups
      let moments = room.floats(worker: worker)
      var written = 0
      withPlaces(window.output) { extent, place in
        for number in group * count / groups..<(group + 1) * count / groups {
          setOutput(place, tile: Self.tile(number, in: tiles))
          written += work.tile.output(
            products + number * outputWidth + block * BlockedTensor.lanes, productStride, work.output.block(block),
            extent, place, moments, written == 0 ? 1 : 0, work.pastCaches ? 1 : 0)
        }
      }
      work.moments.record(part: group, block: block, count: written, sums: moments)
    }
  }
}

extension PartMoments {
  /// Records what the last step of Winograd's convolution summed up.
  /// - Parameter sums: `[shift, sum, squares][16]`, see winograd_kernels.h.
  @inline(__always)
  fileprivate func record(part: Int, block: Int, count: Int, sums: UnsafePointer<Float>) {
    let lanes = BlockedTensor.lanes
    record(part: part, block: block, count: count) { lane in
      let sum = Double(sums[lanes + lane])
      let rest = sum / Double(count)  // from the shift to the mean
      return (Double(sums[lane]) + rest, max(0, Double(sums[2 * lanes + lane]) - sum * rest))
    }
  }
}

/// Convolution of one layer and what follows it (`BlockTail`): im2col in tiles that stay in the second-level cache, one matrix product
/// for each tile and chunk of taps.
///
/// Activations are channels-last, `[z][y][x][channel]`, so a row of the im2col matrix is put together from runs of
/// `kernel x * channels` adjacent floats, and a tile's product is written straight into the output. The input may be the
/// concatenation of several tensors (in decoders: upsampled, skip), which is never made.
///
/// Tiles depend on the layer's shape alone, never on the number of threads; so the bits don't either.
public struct ConvolutionBlock: Sendable {
  public let window: ConvolutionWindow
  /// Channels of each input tensor, in the order of concatenation.
  public let sources: [Int]
  public let outputChannels: Int

  /// Output voxels of one tile.
  let tileRows: Int
  /// Output channels that one item of the loop computes; less than all where there are too few tiles to share out.
  let blockColumns: Int
  let chunks: [Chunk]

  /// A group of tap rows of one source: the columns of one im2col matrix, the rows of one factor.
  struct Chunk: Sendable {
    let source: Int
    let firstTapRow: Int
    let tapRows: Int
    /// Columns of the im2col matrix: tap rows x kernel x x channels.
    let columns: Int
    /// Rows before it in the packed weights, `[row][output channel]`.
    let firstRow: Int
  }

  public init(window: ConvolutionWindow, sources: [Int], outputChannels: Int) {
    self.window = window
    self.sources = sources
    self.outputChannels = outputChannels
    tileRows = min(window.outputCount, Self.preferredTileRows)

    // Enough items that a few threads share a deep layer's few voxels; each block gathers its columns anew.
    let tiles = (window.outputCount + tileRows - 1) / tileRows
    var blocks = 1
    while tiles * blocks < Self.enoughItems, outputChannels / (blocks + 1) >= Self.leastBlockColumns { blocks += 1 }
    let even = (outputChannels + blocks - 1) / blocks
    blockColumns = min(outputChannels, (even + 15) / 16 * 16)

    var chunks: [Chunk] = []
    var row = 0
    for (source, channels) in sources.enumerated() {
      let run = window.kernel[2] * channels
      let most = max(1, Self.preferredChunkColumns / run)
      let parts = (window.tapRows + most - 1) / most
      let tapRows = (window.tapRows + parts - 1) / parts
      var tapRow = 0
      while tapRow < window.tapRows {
        let count = min(tapRows, window.tapRows - tapRow)
        chunks.append(
          Chunk(source: source, firstTapRow: tapRow, tapRows: count, columns: count * run, firstRow: row))
        row += count * run
        tapRow += count
      }
    }
    self.chunks = chunks
  }

  // Measured on Zen 4 (1 MB of L2 a core) with OpenBLAS 0.3.21. The first levels, with 32 output channels, do most of a
  // network's work; there 96 x 288 x 32 is below the million multiplications up to which OpenBLAS's AVX-512 kernels don't pack
  // (10.6 s for a 128^3 patch of nnU-Net's largest network; 256 x 384: 11.3 s). Other cores and layers are flat around it.
  static let preferredTileRows = 96
  static let preferredChunkColumns = 288
  static let enoughItems = 16
  static let leastBlockColumns = 32

  /// Floats of the packed weights.
  public var packedWeights: Int { window.tapRows * window.kernel[2] * sources.reduce(0, +) * outputChannels }

  /// Lays the weights out as the products take them: `[chunk][tap row][kernel x][channel][output channel]`.
  /// - Parameters:
  ///   - weights: `[output channel][input channel][kernel z][kernel y][kernel x]`, as nnU-Net stores them.
  ///   - packed: `packedWeights` floats.
  public func pack(
    _ weights: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>, pool: ComputePool
  ) {
    let inputs = sources.reduce(0, +)
    let kernelX = window.kernel[2]
    let taps = window.tapRows * kernelX
    // Sixteen output channels at a time: sixteen streams are read in order, whole cache lines are written.
    pool.forEach((outputChannels + 15) / 16) { item, _ in
      let outputs = item * 16..<min(item * 16 + 16, outputChannels)
      for chunk in chunks {
        let channels = sources[chunk.source]
        let firstChannel = sources[..<chunk.source].reduce(0, +)
        let firstTap = chunk.firstTapRow * kernelX
        for channel in 0..<channels {
          for tap in 0..<chunk.tapRows * kernelX {
            let source = weights + (firstChannel + channel) * taps + firstTap + tap
            let target = packed + (chunk.firstRow + tap * channels + channel) * outputChannels
            for output in outputs { target[output] = source[output * inputs * taps] }
          }
        }
      }
    }
  }

  /// Bytes that `run` takes of each worker's scratch.
  public var scratchBytes: Int {
    let columns = tileRows * (chunks.map(\.columns).max() ?? 0)
    return (columns + 15) / 16 * 64 + 2 * (outputChannels + 7) / 8 * 64 + 64
  }

  /// Doubles that `run` takes for the statistics.
  public var statisticsDoubles: Int { 2 * outputChannels * ((window.outputCount + tileRows - 1) / tileRows) }

  /// Memory that a run needs and leaves without meaning.
  public struct Workplace {
    public var scratch: WorkerScratch
    /// At least `statisticsDoubles`.
    public var statistics: UnsafeMutablePointer<Double>
    /// At least twice the output channels.
    public var scales: UnsafeMutablePointer<Float>

    public init(
      scratch: WorkerScratch, statistics: UnsafeMutablePointer<Double>, scales: UnsafeMutablePointer<Float>
    ) {
      self.scratch = scratch
      self.statistics = statistics
      self.scales = scales
    }
  }
}

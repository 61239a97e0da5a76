/// A transposed convolution whose stride equals its kernel, without bias: each input voxel becomes a box of output voxels, so
/// it is one matrix product and a scatter. Tensors are channels-last, `[z][y][x][channel]`.
public struct Upsampling: Sendable {
  /// Extent of the input, `[z, y, x]`.
  public let input: SIMD3<Int>
  /// Kernel and stride, 1 or 2 per axis.
  public let factor: SIMD3<Int>
  public let inputChannels: Int
  public let outputChannels: Int

  static let tileRows = 256

  public init(input: SIMD3<Int>, factor: SIMD3<Int>, inputChannels: Int, outputChannels: Int) {
    self.input = input
    self.factor = factor
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
  }

  public var output: SIMD3<Int> { input &* factor }

  /// Floats of one input voxel's run in an output line.
  private var run: Int { factor[2] * outputChannels }
  /// (kernel z, kernel y) pairs.
  private var tapRows: Int { factor[0] * factor[1] }

  public var packedWeights: Int { inputChannels * tapRows * run }

  /// Bytes that `run` takes of each worker's scratch.
  public var scratchBytes: Int { (Self.tileRows * run * 4 + 63) / 64 * 64 }

  /// Lays the weights out as `[kernel z, kernel y][input channel][kernel x][output channel]`.
  /// - Parameter weights: `[input channel][output channel][kernel z][kernel y][kernel x]`, as nnU-Net stores them.
  public func pack(_ weights: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>, pool: ComputePool) {
    pool.forEach(inputChannels) { channel, _ in
      for tapRow in 0..<tapRows {
        for x in 0..<factor[2] {
          for out in 0..<outputChannels {
            packed[((tapRow * inputChannels + channel) * factor[2] + x) * outputChannels + out] =
              weights[((channel * outputChannels + out) * tapRows + tapRow) * factor[2] + x]
          }
        }
      }
    }
  }

  /// - Parameters:
  ///   - source: `[z][y][x][input channel]`.
  ///   - weights: from `pack`.
  ///   - target: `[z][y][x][output channel]` of the extent `output`; doesn't overlap `source`.
  public func run(
    source: UnsafePointer<Float>, weights: UnsafePointer<Float>, target: UnsafeMutablePointer<Float>,
    scratch: WorkerScratch, pool: ComputePool
  ) {
    let voxels = input[0] * input[1] * input[2]
    let tiles = (voxels + Self.tileRows - 1) / Self.tileRows
    let line = output[2] * outputChannels
    pool.forEach(tiles * tapRows) { item, worker in
      let first = item / tapRows * Self.tileRows
      let rows = min(Self.tileRows, voxels - first)
      let tapRow = item % tapRows
      let product = scratch.floats(worker: worker)
      OpenBLAS.multiply(
        rows: rows, columns: run, inner: inputChannels, a: source + first * inputChannels, strideA: inputChannels,
        b: weights + tapRow * inputChannels * run, strideB: run, c: product, strideC: run)

      // The rows of one input line are adjacent in one output line.
      var row = 0
      while row < rows {
        let x = (first + row) % input[2]
        let y = (first + row) / input[2] % input[1]
        let z = (first + row) / (input[2] * input[1])
        let count = min(input[2] - x, rows - row)
        let outZ = z * factor[0] + tapRow / factor[1]
        let outY = y * factor[1] + tapRow % factor[1]
        (target + (outZ * output[1] + outY) * line + x * run)
          .update(from: product + row * run, count: count * run)
        row += count
      }
    }
  }
}

internal import CKernels

/// The gradient of the input of a transposed convolution whose stride equals its kernel: a convolution of the output's gradient, whose
/// windows don't overlap.
public struct UpsamplingGradient: Sendable {
  public let upsampling: BlockedUpsampling

  public init(_ upsampling: BlockedUpsampling) { self.upsampling = upsampling }

  private static let lanes = BlockedTensor.lanes
  private var inputBlocks: Int { BlockedTensor.blocks(upsampling.inputChannels) }
  private var outputBlocks: Int { BlockedTensor.blocks(upsampling.outputChannels) }
  private var taps: Int { upsampling.factor.product }

  public var packedWeights: Int { inputBlocks * outputBlocks * taps * Self.lanes * Self.lanes }

  /// Lays the weights out as `[panel][block of output channels][z][y][x][output channel][16 input channels]`.
  /// - Parameters:
  ///   - weights: `[input channel][output channel][z][y][x]`, as nnU-Net stores them.
  ///   - packed: `packedWeights` floats, aligned to 64 bytes.
  public func pack(_ weights: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>, pool: ComputePool) {
    let (lanes, taps, outputs) = (Self.lanes, taps, upsampling.outputChannels)
    let panelFloats = outputBlocks * taps * lanes * lanes
    pool.forEach(inputBlocks) { panel, _ in
      let target = packed + panel * panelFloats
      target.update(repeating: 0, count: panelFloats)
      for input in panel * lanes..<min((panel + 1) * lanes, upsampling.inputChannels) {
        for output in 0..<outputs {
          for tap in 0..<taps {
            target[((output / lanes * taps + tap) * lanes + output % lanes) * lanes + input % lanes] =
              weights[(input * outputs + output) * taps + tap]
          }
        }
      }
    }
  }

  /// - Parameters:
  ///   - outputGradient: of the transposed convolution's output.
  ///   - weights: from `pack`.
  ///   - inputGradient: overwritten.
  public func run(
    _ outputGradient: BlockedTensor, weights: UnsafePointer<Float>, inputGradient: BlockedTensor, pool: ComputePool,
    kernels: GradientKernels = .best
  ) {
    let (input, output, factor, lanes) = (upsampling.input, upsampling.output, upsampling.factor, Self.lanes)
    var offsets: [Int] = []
    for block in 0..<outputBlocks {
      for z in 0..<factor[0] {
        for y in 0..<factor[1] {
          for x in 0..<factor[2] {
            offsets.append(block * outputGradient.blockFloats + ((z * output[1] + y) * output[2] + x) * lanes)
          }
        }
      }
    }
    offsets.withUnsafeBufferPointer { offsets in
      pool.forEach(input[0] * input[1]) { item, _ in
        let (z, y) = (item / input[1], item % input[1])
        let start = (z * factor[0] * output[1] + y * factor[1]) * output[2]
        kernels.blocked.multiply(
          tessera_product(
            a: outputGradient.base + start * lanes, a_row: factor[2] * lanes, offsets: offsets.baseAddress,
            taps: offsets.count, inner: lanes, weights: weights, c: inputGradient.base + item * input[2] * lanes,
            c_row: lanes, c_panel: inputGradient.blockFloats, rows: input[2], panels: inputBlocks, past_caches: 0,
            soon: nil))
      }
    }
  }
}

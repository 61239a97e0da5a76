internal import CKernels

/// The gradient of the input of a strided convolution, added to what is there.
///
/// An input voxel i sees the outputs o with stride * o + k = i + padding, so along an axis of stride 2 even inputs see the middle tap
/// and odd ones both outer taps: each parity of a voxel's place is a small convolution of its own.
public struct StridedInputGradient: Sendable {
  public let window: ConvolutionWindow
  public let inputChannels: Int
  public let outputChannels: Int

  public init(window: ConvolutionWindow, inputChannels: Int, outputChannels: Int) {
    self.window = window
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
  }

  private static let lanes = BlockedTensor.lanes
  private var inputBlocks: Int { BlockedTensor.blocks(inputChannels) }
  private var outputBlocks: Int { BlockedTensor.blocks(outputChannels) }

  /// Taps that inputs of one parity see along an axis, with the output that each belongs to: `input / stride + offset`.
  private func taps(axis: Int, parity: Int) -> [(tap: Int, offset: Int)] {
    let (kernel, stride) = (window.kernel[axis], window.stride[axis])
    return (0..<kernel).compactMap { tap in
      let distance = parity + kernel / 2 - tap
      return distance % stride == 0 ? (tap, distance / stride) : nil
    }
  }

  /// One parity of all axes.
  private struct Class {
    let z: [(tap: Int, offset: Int)]
    let y: [(tap: Int, offset: Int)]
    let x: [(tap: Int, offset: Int)]
    var count: Int { z.count * y.count * x.count }
  }

  private var classes: [Class] {
    (0..<window.stride[0]).flatMap { z in
      (0..<window.stride[1]).flatMap { y in
        (0..<window.stride[2]).map { x in
          Class(z: taps(axis: 0, parity: z), y: taps(axis: 1, parity: y), x: taps(axis: 2, parity: x))
        }
      }
    }
  }

  private func floats(_ taps: Int) -> Int { inputBlocks * outputBlocks * taps * Self.lanes * Self.lanes }

  public var packedWeights: Int { floats(classes.reduce(0) { $0 + $1.count }) }

  private var paddedWidth: Int { window.output[2] + 2 }
  private var rows: Int { window.input[2] / window.stride[2] }
  /// Output lines that an input line may see: two of each strided axis, else those of the kernel.
  private var mostLines: Int { (0..<2).reduce(1) { $0 * (window.stride[$1] == 2 ? 2 : window.kernel[$1]) } }
  private var copyFloats: Int { outputBlocks * mostLines * paddedWidth * Self.lanes }

  public var scratch: ScratchNeed { ScratchNeed(perWorker: copyFloats + inputBlocks * rows * Self.lanes) }

  /// Lays the weights out as `[parity][panel][block of output channels][z][y][x][output channel][16 input channels]`.
  /// - Parameters:
  ///   - weights: `[output channel][input channel][z][y][x]`, as nnU-Net stores them.
  ///   - packed: `packedWeights` floats, aligned to 64 bytes.
  public func pack(_ weights: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>, pool: ComputePool) {
    let lanes = Self.lanes
    let kernel = window.kernel
    let classes = classes
    pool.forEach(inputBlocks) { panel, _ in
      var base = packed
      for parity in classes {
        let target = base + panel * outputBlocks * parity.count * lanes * lanes
        target.update(repeating: 0, count: outputBlocks * parity.count * lanes * lanes)
        for output in 0..<outputChannels {
          var place = output / lanes * parity.count
          for z in parity.z {
            for y in parity.y {
              for x in parity.x {
                let tap = (z.tap * kernel[1] + y.tap) * kernel[2] + x.tap
                for input in panel * lanes..<min((panel + 1) * lanes, inputChannels) {
                  target[(place * lanes + output % lanes) * lanes + input % lanes] =
                    weights[(output * inputChannels + input) * kernel.product + tap]
                }
                place += 1
              }
            }
          }
        }
        base += floats(parity.count)
      }
    }
  }

  /// - Parameters:
  ///   - outputGradient: of the convolution's output.
  ///   - weights: from `pack`.
  ///   - inputGradient: added to.
  public func add(
    _ outputGradient: BlockedTensor, weights: UnsafePointer<Float>, to inputGradient: BlockedTensor,
    scratch: UnsafeMutablePointer<Float>, pool: ComputePool, kernels: GradientKernels = .best
  ) {
    let room = LayerScratch(base: scratch, need: self.scratch, threads: pool.threads)
    let classes = classes
    let (input, stride, lanes) = (window.input, window.stride, Self.lanes)
    pool.forEach(input[0] * input[1]) { item, worker in
      let (z, y) = (item / input[1], item % input[1])
      let copies = room.floats(worker: worker)
      let products = copies + copyFloats
      let first = (z % stride[0] * stride[1] + y % stride[1]) * stride[2]
      var weights = weights
      for parity in classes[..<first] { weights += floats(parity.count) }
      let lines = classes[first].z.count * classes[first].y.count
      copy(z: z / stride[0], y: y / stride[1], classes[first], outputGradient, into: copies)
      for x in 0..<stride[2] {
        let parity = classes[first + x]
        var offsets: [Int] = []
        for block in 0..<outputBlocks {
          for line in 0..<lines {
            for tap in parity.x {
              offsets.append(((block * lines + line) * paddedWidth + 1 + tap.offset) * lanes)
            }
          }
        }
        offsets.withUnsafeBufferPointer { offsets in
          kernels.blocked.multiply(
            tessera_product(
              a: copies, a_row: lanes, offsets: offsets.baseAddress, taps: offsets.count, inner: lanes,
              weights: weights, c: products, c_row: lanes, c_panel: rows * lanes, rows: rows, panels: inputBlocks,
              past_caches: 0, soon: nil))
        }
        for block in 0..<inputBlocks {
          kernels.table.pointee.add(
            inputGradient.block(block) + ((z * input[1] + y) * input[2] + x) * lanes, stride[2] * lanes,
            products + block * rows * lanes, rows)
        }
        weights += floats(parity.count)
      }
    }
  }

  /// Brings the output lines that an input line sees to scratch, `[block][z][y][padded x][16]`.
  private func copy(
    z: Int, y: Int, _ parity: Class, _ gradient: BlockedTensor, into copies: UnsafeMutablePointer<Float>
  ) {
    let (output, lanes) = (window.output, Self.lanes)
    var target = copies
    for block in 0..<outputBlocks {
      for inZ in parity.z {
        for inY in parity.y {
          let (oz, oy) = (z + inZ.offset, y + inY.offset)
          if oz >= 0, oz < output[0], oy >= 0, oy < output[1] {
            target.update(repeating: 0, count: lanes)
            (target + lanes).update(
              from: gradient.block(block) + (oz * output[1] + oy) * output[2] * lanes, count: output[2] * lanes)
            (target + (paddedWidth - 1) * lanes).update(repeating: 0, count: lanes)
          } else {
            target.update(repeating: 0, count: paddedWidth * lanes)
          }
          target += paddedWidth * lanes
        }
      }
    }
  }
}

import Kernels
import Testkit

/// A convolution in double, one plain loop: the twin of every convolution of the engine. It computes single outputs, since tests
/// aren't optimised.
struct PlainConvolution {
  let window: ConvolutionWindow
  /// `[channel][z][y][x]`.
  let input: [Double]
  /// `[output channel][input channel][kz][ky][kx]`.
  let weights: [Float]

  func output(channel out: Int, at place: SIMD3<Int>) -> Double {
    let (from, kernel) = (window.input, window.kernel)
    let taps = kernel[0] * kernel[1] * kernel[2]
    let channels = input.count / (from[0] * from[1] * from[2])
    var sum = 0.0
    for channel in 0..<channels {
      var tap = (out * channels + channel) * taps
      forEachPlace(kernel) { offset in
        let at = place &* window.stride &+ offset &- kernel &>> 1
        if all(at .>= 0), all(at .< from) {
          sum += Double(weights[tap]) * input[((channel * from[0] + at[0]) * from[1] + at[1]) * from[2] + at[2]]
        }
        tap += 1
      }
    }
    return sum
  }

  /// Relative error of an output `[channel][z][y][x]` at its corners and at random places.
  func relativeError(of values: [Float], samples: Int = 200) -> Double {
    let to = window.output
    let voxels = to[0] * to[1] * to[2]
    var generator = SplitMix64(seed: 7)
    var computed: [Float] = []
    var expected: [Double] = []
    for sample in 0..<samples {
      let out = sample % (values.count / voxels)
      var place = SIMD3(0, 0, 0)
      for axis in 0..<3 {
        place[axis] =
          sample < 16
          ? (sample >> axis & 1) * (to[axis] - 1) : Int.random(in: 0..<to[axis], using: &generator)
      }
      computed.append(values[((out * to[0] + place[0]) * to[1] + place[1]) * to[2] + place[2]])
      expected.append(output(channel: out, at: place))
    }
    // A value that nobody wrote is not-a-number.
    return values.contains(where: \.isNaN) ? .infinity : KernelsTests.relativeError(computed, expected)
  }
}

/// Each place of an extent, in raster order.
func forEachPlace(_ extent: SIMD3<Int>, _ body: (SIMD3<Int>) -> Void) {
  for z in 0..<extent[0] {
    for y in 0..<extent[1] {
      for x in 0..<extent[2] { body(SIMD3(z, y, x)) }
    }
  }
}

/// A blocked tensor with memory of its own, for tests.
final class BlockedBench {
  let tensor: BlockedTensor
  private let values: UnsafeMutablePointer<Float>
  private let vectors: UnsafeMutablePointer<Float>

  /// - Parameters:
  ///   - planes: `[channel][z][y][x]`; not-a-number everywhere, which shows who reads it, when `nil`.
  ///   - pending: scale and shift of each channel, and the slope.
  init(
    channels: Int, extent: SIMD3<Int>, planes: [Float]? = nil,
    pending: (scale: [Float], shift: [Float], slope: Float)? = nil
  ) {
    let lanes = BlockedTensor.lanes
    let floats = BlockedTensor.floats(channels: channels, extent: extent)
    let padded = BlockedTensor.blocks(channels) * lanes
    let values = Self.allocate(floats)
    let vectors = Self.allocate(2 * padded)
    values.initialize(repeating: planes == nil ? .nan : 0, count: floats)
    vectors.initialize(repeating: 0, count: 2 * padded)
    let voxels = extent[0] * extent[1] * extent[2]
    if let planes {
      for channel in 0..<channels {
        for voxel in 0..<voxels {
          values[(channel / lanes * voxels + voxel) * lanes + channel % lanes] = planes[channel * voxels + voxel]
        }
      }
    }
    if let pending {
      for channel in 0..<channels {
        vectors[channel] = pending.scale[channel]
        vectors[padded + channel] = pending.shift[channel]
      }
    }
    self.values = values
    self.vectors = vectors
    tensor = BlockedTensor(
      base: values, channels: channels, extent: extent,
      pending: pending.map { .init(scale: vectors, shift: vectors + padded, slope: $0.slope) })
  }

  deinit {
    values.deallocate()
    vectors.deallocate()
  }

  static func allocate(_ floats: Int) -> UnsafeMutablePointer<Float> {
    UnsafeMutableRawPointer.allocate(byteCount: max(floats, 1) * 4, alignment: 64).bindMemory(
      to: Float.self, capacity: floats)
  }

  /// `[channel][z][y][x]`.
  var planes: [Float] {
    let lanes = BlockedTensor.lanes
    return (0..<tensor.channels).flatMap { channel in
      (0..<tensor.voxels).map { values[(channel / lanes * tensor.voxels + $0) * lanes + channel % lanes] }
    }
  }

  /// Values of the channels that pad the last block.
  var padding: [Float] {
    let lanes = BlockedTensor.lanes
    return (tensor.channels..<tensor.blocks * lanes).flatMap { channel in
      (0..<tensor.voxels).map { values[(channel / lanes * tensor.voxels + $0) * lanes + channel % lanes] }
    }
  }
}

/// What a layer needs beside its tensors.
final class LayerBench {
  let pool: ComputePool
  let weights: UnsafeMutablePointer<Float>
  let scratch: LayerScratch
  private let scratchMemory: UnsafeMutablePointer<Float>
  private let doubles: UnsafeMutablePointer<Double>

  init(threads: Int, weights count: Int, scratch need: ScratchNeed, moments: Int = 1) {
    pool = ComputePool(threads: threads)
    weights = BlockedBench.allocate(count)
    weights.initialize(repeating: .nan, count: count)
    let floats = need.floats(threads: threads)
    scratchMemory = BlockedBench.allocate(floats)
    scratchMemory.initialize(repeating: .nan, count: floats)
    scratch = LayerScratch(base: scratchMemory, need: need, threads: threads)
    doubles = .allocate(capacity: moments)
    doubles.initialize(repeating: .nan, count: moments)
  }

  func moments(parts: Int, channels: Int) -> PartMoments {
    PartMoments(base: doubles, parts: parts, channels: channels)
  }

  deinit {
    weights.deallocate()
    scratchMemory.deallocate()
    doubles.deallocate()
  }
}

/// `y > 0 ? y : slope * y` of `x * scale + shift`, in double.
func activated(_ planes: [Float], scale: [Float], shift: [Float], slope: Float) -> [Double] {
  let voxels = planes.count / scale.count
  return planes.indices.map { index in
    let y = Double(planes[index]) * Double(scale[index / voxels]) + Double(shift[index / voxels])
    return y > 0 ? y : Double(slope) * y
  }
}

/// Root mean square of the difference over that of the expected values.
func relativeError(_ values: [Float], _ expected: [Double]) -> Double {
  guard values.count == expected.count, !values.contains(where: \.isNaN) else { return .infinity }
  let difference = zip(values, expected).reduce(0.0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) }
  return (difference / expected.reduce(0.0) { $0 + $1 * $1 }).squareRoot()
}

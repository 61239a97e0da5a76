internal import Glibc
internal import Kernels

/// Planes in double, `[channel][z][y][x]`, and the layers of a U-Net on them, one plain loop each: what the fast executors are
/// tested against.
struct ReferenceTensor {
  var channels: Int
  /// `[z, y, x]`.
  var extent: SIMD3<Int>
  var values: [Double]

  init(channels: Int, extent: SIMD3<Int>, values: [Double]) {
    self.channels = channels
    self.extent = extent
    self.values = values
  }

  init(channels: Int, extent: SIMD3<Int>) {
    self.init(
      channels: channels, extent: extent, values: [Double](repeating: 0, count: channels * voxels(extent)))
  }

  subscript(channel: Int, z: Int, y: Int, x: Int) -> Double {
    get { values[((channel * extent[0] + z) * extent[1] + y) * extent[2] + x] }
    set { values[((channel * extent[0] + z) * extent[1] + y) * extent[2] + x] = newValue }
  }

  /// Calls `body` for each voxel of one channel's grid.
  private static func forEachVoxel(_ extent: SIMD3<Int>, _ body: (_ z: Int, _ y: Int, _ x: Int) -> Void) {
    for z in 0..<extent[0] {
      for y in 0..<extent[1] {
        for x in 0..<extent[2] { body(z, y, x) }
      }
    }
  }

  /// - Parameters:
  ///   - weights: `[out][in][kernel z][kernel y][kernel x]`.
  ///   - bias: `[out]`.
  func convolved(weights: [Double], bias: [Double], kernel: SIMD3<Int>, stride: SIMD3<Int>) -> ReferenceTensor {
    var result = ReferenceTensor(channels: bias.count, extent: (extent &+ stride &- 1) / stride)
    for out in 0..<result.channels {
      Self.forEachVoxel(result.extent) { z, y, x in
        var sum = bias[out]
        for channel in 0..<channels {
          Self.forEachVoxel(kernel) { kz, ky, kx in
            let at = SIMD3(z, y, x) &* stride &+ SIMD3(kz, ky, kx) &- kernel / 2
            guard all(at .>= 0), all(at .< extent) else { return }
            let weight =
              weights[(((out * channels + channel) * kernel[0] + kz) * kernel[1] + ky) * kernel[2] + kx]
            sum += weight * self[channel, at[0], at[1], at[2]]
          }
        }
        result[out, z, y, x] = sum
      }
    }
    return result
  }

  /// Transposed convolution with the stride equal to the kernel.
  /// - Parameter weights: `[in][out][kernel z][kernel y][kernel x]`.
  func upsampled(weights: [Double], outputChannels: Int, factor: SIMD3<Int>) -> ReferenceTensor {
    var result = ReferenceTensor(channels: outputChannels, extent: extent &* factor)
    let taps = voxels(factor)
    for out in 0..<outputChannels {
      Self.forEachVoxel(result.extent) { z, y, x in
        let at = SIMD3(z, y, x) / factor
        let tap = SIMD3(z, y, x) % factor
        let place = (tap[0] * factor[1] + tap[1]) * factor[2] + tap[2]
        for channel in 0..<channels {
          result[out, z, y, x] +=
            weights[(channel * outputChannels + out) * taps + place] * self[channel, at[0], at[1], at[2]]
        }
      }
    }
    return result
  }

  func adding(_ other: ReferenceTensor) -> ReferenceTensor {
    ReferenceTensor(channels: channels, extent: extent, values: zip(values, other.values).map(+))
  }

  func concatenated(with other: ReferenceTensor) -> ReferenceTensor {
    ReferenceTensor(channels: channels + other.channels, extent: extent, values: values + other.values)
  }

  func flipped(_ mirrored: MirroredAxes) -> ReferenceTensor {
    var result = self
    for channel in 0..<channels {
      Self.forEachVoxel(extent) { z, y, x in
        result[channel, z, y, x] =
          self[
            channel, mirrored.z ? extent[0] - 1 - z : z, mirrored.y ? extent[1] - 1 - y : y,
            mirrored.x ? extent[2] - 1 - x : x]
      }
    }
    return result
  }

  /// Over the channels of each voxel.
  func softmax() -> ReferenceTensor {
    var result = self
    let count = voxels(extent)
    for voxel in 0..<count {
      let logits = (0..<channels).map { values[$0 * count + voxel] }
      let greatest = logits.max() ?? 0
      let powers = logits.map { exp($0 - greatest) }
      let sum = powers.reduce(0, +)
      for channel in 0..<channels { result.values[channel * count + voxel] = powers[channel] / sum }
    }
    return result
  }

  func sigmoid() -> ReferenceTensor {
    ReferenceTensor(channels: channels, extent: extent, values: values.map { 1 / (1 + exp(-$0)) })
  }
}

/// A tensor in double, `[channel][z][y][x]`.
struct PlainTensor {
  var channels: Int
  /// `[z, y, x]`.
  var extent: [Int]
  var values: [Double]

  var voxels: Int { extent.reduce(1, *) }

  init(channels: Int, extent: [Int], values: [Double]? = nil) {
    self.channels = channels
    self.extent = extent
    self.values = values ?? [Double](repeating: 0, count: channels * extent.reduce(1, *))
  }
}

/// The operators of nnU-Net's networks and their gradients as plain loops in double: what the fast ones are held against.
enum PlainOperators {
  /// Calls `body` for each pair of voxels that a tap of a convolution connects.
  private static func connect(
    input: [Int], output: [Int], kernel: [Int], stride: [Int],
    _ body: (_ tap: Int, _ from: Int, _ to: Int, _ fromStep: Int, _ count: Int) -> Void
  ) {
    for kz in 0..<kernel[0] {
      for ky in 0..<kernel[1] {
        for kx in 0..<kernel[2] {
          let tap = (kz * kernel[1] + ky) * kernel[2] + kx
          for z in 0..<output[0] {
            let fromZ = z * stride[0] + kz - kernel[0] / 2
            guard fromZ >= 0, fromZ < input[0] else { continue }
            for y in 0..<output[1] {
              let fromY = y * stride[1] + ky - kernel[1] / 2
              guard fromY >= 0, fromY < input[1] else { continue }
              // The x whose input lies inside.
              var first = 0
              while first * stride[2] + kx - kernel[2] / 2 < 0 { first += 1 }
              var end = output[2]
              while end > first, (end - 1) * stride[2] + kx - kernel[2] / 2 >= input[2] { end -= 1 }
              let from = (fromZ * input[1] + fromY) * input[2] + first * stride[2] + kx - kernel[2] / 2
              body(tap, from, (z * output[1] + y) * output[2] + first, stride[2], end - first)
            }
          }
        }
      }
    }
  }

  /// - Parameter weights: `[output channel][input channel][z][y][x]`.
  static func convolve(
    _ x: PlainTensor, weights: [Double], bias: [Double], kernel: [Int], stride: [Int]
  ) -> PlainTensor {
    let outputs = bias.count
    var y = PlainTensor(channels: outputs, extent: zip(x.extent, stride).map { ($0 + $1 - 1) / $1 })
    let (taps, from, to) = (kernel.reduce(1, *), x.voxels, y.voxels)
    for o in 0..<outputs { for v in 0..<to { y.values[o * to + v] = bias[o] } }
    let target = y.extent
    y.values.withUnsafeMutableBufferPointer { y in
      x.values.withUnsafeBufferPointer { values in
        weights.withUnsafeBufferPointer { weights in
          connect(input: x.extent, output: target, kernel: kernel, stride: stride) { tap, first, second, step, count in
            for o in 0..<outputs {
              for i in 0..<x.channels {
                let w = weights[(o * x.channels + i) * taps + tap]
                var (a, b) = (i * from + first, o * to + second)
                var left = count
                while left > 0 {
                  y[b] += w * values[a]
                  a += step
                  b += 1
                  left -= 1
                }
              }
            }
          }
        }
      }
    }
    return y
  }

  static func convolveBack(
    _ x: PlainTensor, weights: [Double], gradient: PlainTensor, kernel: [Int], stride: [Int]
  ) -> (x: PlainTensor, weights: [Double], bias: [Double]) {
    var dx = PlainTensor(channels: x.channels, extent: x.extent)
    var dw = [Double](repeating: 0, count: weights.count)
    let (taps, from, to, outputs) = (kernel.reduce(1, *), x.voxels, gradient.voxels, gradient.channels)
    dx.values.withUnsafeMutableBufferPointer { dx in
      dw.withUnsafeMutableBufferPointer { dw in
        x.values.withUnsafeBufferPointer { values in
          gradient.values.withUnsafeBufferPointer { dy in
            weights.withUnsafeBufferPointer { weights in
              connect(input: x.extent, output: gradient.extent, kernel: kernel, stride: stride) {
                tap, first, second, step, count in
                for o in 0..<outputs {
                  for i in 0..<x.channels {
                    let place = (o * x.channels + i) * taps + tap
                    let w = weights[place]
                    var (a, b, left) = (i * from + first, o * to + second, count)
                    var sum = 0.0
                    while left > 0 {
                      dx[a] += w * dy[b]
                      sum += values[a] * dy[b]
                      a += step
                      b += 1
                      left -= 1
                    }
                    dw[place] += sum
                  }
                }
              }
            }
          }
        }
      }
    }
    let bias = (0..<outputs).map { o in gradient.values[o * to..<(o + 1) * to].reduce(0, +) }
    return (dx, dw, bias)
  }

  /// Transposed convolution with stride equal to kernel.
  /// - Parameter weights: `[input channel][output channel][z][y][x]`.
  static func upsample(_ x: PlainTensor, weights: [Double], outputs: Int, factor: [Int]) -> PlainTensor {
    var y = PlainTensor(channels: outputs, extent: zip(x.extent, factor).map { $0 * $1 })
    pairs(x.extent, factor) { tap, from, to in
      for i in 0..<x.channels {
        for o in 0..<outputs {
          y.values[o * y.voxels + to] +=
            weights[(i * outputs + o) * factor.reduce(1, *) + tap] * x.values[i * x.voxels + from]
        }
      }
    }
    return y
  }

  static func upsampleBack(
    _ x: PlainTensor, weights: [Double], gradient: PlainTensor, factor: [Int]
  ) -> (x: PlainTensor, weights: [Double]) {
    var dx = PlainTensor(channels: x.channels, extent: x.extent)
    var dw = [Double](repeating: 0, count: weights.count)
    let (outputs, taps) = (gradient.channels, factor.reduce(1, *))
    let (inVoxels, outVoxels) = (x.voxels, gradient.voxels)
    pairs(x.extent, factor) { tap, from, to in
      for i in 0..<x.channels {
        for o in 0..<outputs {
          let place = (i * outputs + o) * taps + tap
          dx.values[i * inVoxels + from] += weights[place] * gradient.values[o * outVoxels + to]
          dw[place] += x.values[i * inVoxels + from] * gradient.values[o * outVoxels + to]
        }
      }
    }
    return (dx, dw)
  }

  private static func pairs(_ input: [Int], _ factor: [Int], _ body: (_ tap: Int, _ from: Int, _ to: Int) -> Void) {
    let output = zip(input, factor).map { $0 * $1 }
    for z in 0..<output[0] {
      for y in 0..<output[1] {
        for x in 0..<output[2] {
          let tap = ((z % factor[0]) * factor[1] + y % factor[1]) * factor[2] + x % factor[2]
          let from = (z / factor[0] * input[1] + y / factor[1]) * input[2] + x / factor[2]
          body(tap, from, (z * output[1] + y) * output[2] + x)
        }
      }
    }
  }

  static func normalize(_ x: PlainTensor, gamma: [Double], beta: [Double], epsilon: Double) -> PlainTensor {
    var y = x
    let n = x.voxels
    for c in 0..<x.channels {
      let (mean, inverse) = moments(x, c, epsilon)
      for v in c * n..<(c + 1) * n { y.values[v] = (x.values[v] - mean) * inverse * gamma[c] + beta[c] }
    }
    return y
  }

  static func normalizeBack(
    _ x: PlainTensor, gamma: [Double], gradient: PlainTensor, epsilon: Double
  ) -> (x: PlainTensor, gamma: [Double], beta: [Double]) {
    var dx = gradient
    var (dGamma, dBeta) = (gamma, gamma)
    let n = x.voxels
    for c in 0..<x.channels {
      let (mean, inverse) = moments(x, c, epsilon)
      var (sum, product) = (0.0, 0.0)
      for v in c * n..<(c + 1) * n {
        sum += gradient.values[v]
        product += gradient.values[v] * (x.values[v] - mean) * inverse
      }
      for v in c * n..<(c + 1) * n {
        let normalized = (x.values[v] - mean) * inverse
        dx.values[v] =
          gamma[c] * inverse * (gradient.values[v] - sum / Double(n) - normalized * product / Double(n))
      }
      (dGamma[c], dBeta[c]) = (product, sum)
    }
    return (dx, dGamma, dBeta)
  }

  private static func moments(_ x: PlainTensor, _ c: Int, _ epsilon: Double) -> (mean: Double, inverse: Double) {
    let values = x.values[c * x.voxels..<(c + 1) * x.voxels]
    let mean = values.reduce(0, +) / Double(values.count)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
    return (mean, 1 / (variance + epsilon).squareRoot())
  }

  static func leakyReLU(_ x: PlainTensor, slope: Double) -> PlainTensor {
    var y = x
    for v in y.values.indices where y.values[v] <= 0 { y.values[v] *= slope }
    return y
  }

  static func leakyReLUBack(_ x: PlainTensor, gradient: PlainTensor, slope: Double) -> PlainTensor {
    var dx = gradient
    for v in dx.values.indices where x.values[v] <= 0 { dx.values[v] *= slope }
    return dx
  }

  static func concatenate(_ a: PlainTensor, _ b: PlainTensor) -> PlainTensor {
    PlainTensor(channels: a.channels + b.channels, extent: a.extent, values: a.values + b.values)
  }

  static func split(_ x: PlainTensor, at channels: Int) -> (PlainTensor, PlainTensor) {
    let middle = channels * x.voxels
    return (
      PlainTensor(channels: channels, extent: x.extent, values: Array(x.values[..<middle])),
      PlainTensor(channels: x.channels - channels, extent: x.extent, values: Array(x.values[middle...]))
    )
  }

  static func add(_ a: PlainTensor, _ b: PlainTensor) -> PlainTensor {
    PlainTensor(channels: a.channels, extent: a.extent, values: zip(a.values, b.values).map { $0 + $1 })
  }
}

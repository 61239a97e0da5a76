/// The kernels of a convolution that reads what a transposed convolution makes, on the transposed convolution's own input.
///
/// Along an axis that is doubled, u[2i + q] = t[q] x[i], and y[j] = sum over k of w[k] u[j + k - 1]. So an even output y[2i] sees x[i - 1]
/// under w[0] t[1], and x[i] under w[1] t[0] + w[2] t[1]; an odd one y[2i + 1] sees x[i] under w[0] t[0] + w[1] t[1], and x[i + 1] under
/// w[2] t[0]. These are four taps. Products of w and t are sums over the upsampled channels.
struct CompositeKernels {
  let transform: WinogradTransform
  let inputChannels: Int
  let upsampledChannels: Int
  let outputChannels: Int

  /// A product that a tap is a sum of.
  private struct Product {
    /// Of the composite kernel.
    let tap: Int
    /// Of the convolution.
    let kernel: Int
    /// Of the transposed convolution.
    let factor: Int
  }

  private static func products(_ axis: WinogradTransform.Axis) -> [Product] {
    guard axis == .doubledFour else {
      return (0..<axis.taps).map { Product(tap: $0, kernel: $0, factor: 0) }
    }
    return [(0, 0, 1), (1, 1, 0), (1, 2, 1), (2, 0, 0), (2, 1, 1), (3, 2, 0)]
      .map { Product(tap: $0.0, kernel: $0.1, factor: $0.2) }
  }

  /// On all axes, with taps in z, y, x order.
  private var products: [Product] {
    let axes = transform.axes
    let factors = axes.map { $0 == .doubledFour ? 2 : 1 }
    return Self.products(axes[0]).flatMap { z in
      Self.products(axes[1]).flatMap { y in
        Self.products(axes[2]).map { x in
          Product(
            tap: (z.tap * axes[1].taps + y.tap) * axes[2].taps + x.tap,
            kernel: (z.kernel * axes[1].kernel + y.kernel) * axes[2].kernel + x.kernel,
            factor: (z.factor * factors[1] + y.factor) * factors[2] + x.factor)
        }
      }
    }
  }

  /// Calls `body` with the kernels, `[output channel][input channel][tap z][tap y][tap x]`. Sums are in double.
  /// - Parameters:
  ///   - weights: of the convolution, `[output channel][channel][z][y][x]`, `row` floats from one output channel to the next; the
  ///     upsampled channels come first.
  ///   - upsampling: of the transposed convolution, `[input channel][upsampled channel][z][y][x]`.
  func withKernels(
    _ weights: UnsafePointer<Float>, row: Int, upsampling: UnsafePointer<Float>, pool: ComputePool,
    _ body: (UnsafePointer<Float>) -> Void
  ) {
    let products = products
    let taps = transform.taps.product
    let kernel = transform.kernel.product
    let factor = (products.map(\.factor).max() ?? 0) + 1
    // Eight output channels at a time, in the lanes of a vector.
    let groups = (outputChannels + 7) / 8
    let composite = UnsafeMutablePointer<Float>.allocate(capacity: outputChannels * inputChannels * taps)
    defer { composite.deallocate() }
    pool.forEach(groups) { group, _ in
      let outputs = group * 8..<min(group * 8 + 8, outputChannels)
      withUnsafeTemporaryAllocation(of: SIMD8<Double>.self, capacity: kernel * upsampledChannels + taps) { memory in
        guard let columns = memory.baseAddress else { return }
        let sums = columns + kernel * upsampledChannels
        for place in 0..<kernel {
          for channel in 0..<upsampledChannels {
            var column = SIMD8<Double>.zero
            for output in outputs {
              column[output - outputs.lowerBound] = Double(weights[output * row + channel * kernel + place])
            }
            columns[place * upsampledChannels + channel] = column
          }
        }
        for input in 0..<inputChannels {
          sums.update(repeating: .zero, count: taps)
          for product in products {
            let column = columns + product.kernel * upsampledChannels
            let factors = upsampling + input * upsampledChannels * factor + product.factor
            var sum = sums[product.tap]
            for channel in 0..<upsampledChannels { sum += column[channel] * Double(factors[channel * factor]) }
            sums[product.tap] = sum
          }
          for output in outputs {
            let target = composite + (output * inputChannels + input) * taps
            for tap in 0..<taps { target[tap] = Float(sums[tap][output - outputs.lowerBound]) }
          }
        }
      }
    }
    body(composite)
  }
}

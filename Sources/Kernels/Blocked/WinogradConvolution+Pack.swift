internal import CKernels

extension WinogradConvolution {
  /// Transforms the weights, in double, and lays them out as the products take them: `[point][panel][input channel][16]`, points in
  /// y, x, z order.
  /// - Parameters:
  ///   - weights: `[output channel][input channel][kernel z][kernel y][kernel x]`, as nnU-Net stores them.
  ///   - packed: `packedWeights` floats, aligned to 64 bytes.
  public func pack(
    _ weights: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>, pool: ComputePool,
    kernels: BlockedKernels = .best
  ) {
    let lanes = BlockedTensor.lanes
    let channels = inputs.places.count
    let taps = transform.kernel.product
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
}

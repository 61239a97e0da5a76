internal import CKernels

extension WinogradConvolution {
  /// Transforms the weights of a convolution without upsampling, in double, and lays them out as the products take them:
  /// `[point][panel][input channel][16]`, points in y, x, z order.
  /// - Parameters:
  ///   - weights: `[output channel][input channel][kernel z][kernel y][kernel x]`, as nnU-Net stores them.
  ///   - packed: `packedWeights` floats, aligned to 64 bytes.
  public func pack(
    _ weights: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>, pool: ComputePool,
    kernels: BlockedKernels = .best
  ) {
    let term = terms[0]
    precondition(terms.count == 1, "an upsampled convolution has weights of two layers")
    let taps = term.transform.taps.product
    term.pack(
      weights, outputStride: term.inputs.places.count * taps, into: packed, pool: pool, kernels: kernels)
  }

  /// Transforms the weights of both layers of an upsampled convolution.
  /// - Parameters:
  ///   - weights: of the convolution, `[output channel][upsampled channel, then channel of the skip connection][z][y][x]`.
  ///   - upsampling: of the transposed convolution, `[input channel][upsampled channel][z][y][x]`.
  ///   - upsampledChannels: what the transposed convolution makes.
  ///   - packed: `packedWeights` floats, aligned to 64 bytes.
  public func pack(
    _ weights: UnsafePointer<Float>, upsampling: UnsafePointer<Float>, upsampledChannels: Int,
    into packed: UnsafeMutablePointer<Float>, pool: ComputePool, kernels: BlockedKernels = .best
  ) {
    precondition(terms.count == 2, "a convolution without upsampling has weights of one layer")
    let (upsampled, skip) = (terms[0], terms[1])
    let kernel = skip.transform.taps.product
    let row = (upsampledChannels + skip.inputs.places.count) * kernel
    let composite = CompositeKernels(
      transform: upsampled.transform, inputChannels: upsampled.inputs.places.count,
      upsampledChannels: upsampledChannels, outputChannels: outputChannels)
    let kernels = kernels
    composite.withKernels(weights, row: row, upsampling: upsampling, pool: pool) {
      upsampled.pack(
        $0, outputStride: upsampled.inputs.places.count * upsampled.transform.taps.product, into: packed, pool: pool,
        kernels: kernels)
    }
    skip.pack(
      weights + upsampledChannels * kernel, outputStride: row, into: packed + upsampled.packedWeights, pool: pool,
      kernels: kernels)
  }
}

extension WinogradTerm {
  /// - Parameters:
  ///   - weights: `[output channel][input channel][tap z][tap y][tap x]`.
  ///   - outputStride: floats from one output channel to the next.
  fileprivate func pack(
    _ weights: UnsafePointer<Float>, outputStride: Int, into packed: UnsafeMutablePointer<Float>, pool: ComputePool,
    kernels: BlockedKernels
  ) {
    let lanes = BlockedTensor.lanes
    let channels = inputs.places.count
    let taps = transform.taps.product
    let matrices = transform.axes.map { axis in axis.weights.map { ($0[0], $0[1], $0[2], $0[3]) } }
    let points = transform.axes.map { Int32($0.rawValue) }
    let kernel = transform.axes.map { Int32($0.taps) }
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
                  weights + panel * lanes * outputStride + channel * taps, outputStride, Int32(outputs),
                  packed + (panel * inputs.padded + inputs.places[channel]) * lanes, stride)
              }
            }
          }
        }
      }
    }
  }
}

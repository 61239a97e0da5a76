internal import CKernels

/// What instance normalisation needs again on the way back: per padded channel of one sample's tensor.
public struct NormalizedChannels {
  public static let vectors = 4

  public let scale: UnsafeMutablePointer<Float>
  public let shift: UnsafeMutablePointer<Float>
  /// Of the convolution's output.
  public let mean: UnsafeMutablePointer<Float>
  /// 1 / sqrt(variance + epsilon).
  public let inverse: UnsafeMutablePointer<Float>

  /// - Parameter base: `vectors` times the padded channels, aligned to 64 bytes.
  public init(base: UnsafeMutablePointer<Float>, channels: Int) {
    let padded = BlockedTensor.blocks(channels) * BlockedTensor.lanes
    scale = base
    shift = scale + padded
    mean = shift + padded
    inverse = mean + padded
  }
}

extension PartMoments {
  /// As `normalization(gamma:beta:epsilon:scale:shift:pool:)`, and keeps mean and deviation for the way back.
  /// - Parameters:
  ///   - gamma, beta: of each channel, without padding.
  public func normalization(
    gamma: UnsafePointer<Float>, beta: UnsafePointer<Float>, count: Int, epsilon: Float,
    into normalized: NormalizedChannels, pool: ComputePool
  ) {
    pool.forEach(channels) { channel, _ in
      let (mean, variance) = combined(channel: channel)
      let inverse = 1 / (variance + Double(epsilon)).squareRoot()
      let factor = channel < count ? Double(gamma[channel]) * inverse : 0
      normalized.scale[channel] = Float(factor)
      normalized.shift[channel] = channel < count ? Float(Double(beta[channel]) - mean * factor) : 0
      normalized.mean[channel] = Float(mean)
      normalized.inverse[channel] = Float(inverse)
    }
  }
}

/// The way back through leaky ReLU and instance normalisation.
///
/// With y = w xhat + b and g the gradient of y: dw = sum of g xhat, db = sum of g, dx = w / sigma (g - mean(g) - xhat mean(g xhat)).
public struct NormalizationGradient: Sendable {
  public let channels: Int
  public let voxels: Int
  public let slope: Float

  public init(channels: Int, voxels: Int, slope: Float) {
    self.channels = channels
    self.voxels = voxels
    self.slope = slope
  }

  private static let lanes = BlockedTensor.lanes
  private static let partVoxels = 4096
  private var blocks: Int { BlockedTensor.blocks(channels) }
  private var parts: Int { (voxels + Self.partVoxels - 1) / Self.partVoxels }

  /// Sums of the parts in double, then factors and means.
  public var scratch: ScratchNeed { ScratchNeed(shared: blocks * Self.lanes * (parts * 4 + 3)) }

  /// - Parameters:
  ///   - x: the convolution's output.
  ///   - gradient: of the activation; becomes that of `x`.
  ///   - gamma: of each channel.
  ///   - gammaGradient, betaGradient: of each channel, added to.
  public func run(
    _ x: BlockedTensor, gradient: BlockedTensor, normalized: NormalizedChannels, gamma: UnsafePointer<Float>,
    gammaGradient: UnsafeMutablePointer<Float>, betaGradient: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>, pool: ComputePool, kernels: GradientKernels = .best
  ) {
    let (parts, blocks, lanes) = (parts, blocks, Self.lanes)
    let sums = UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: Double.self)
    let factors = scratch + blocks * lanes * parts * 4
    let means = factors + blocks * lanes
    func of(_ block: Int) -> tessera_normalized {
      let first = block * lanes
      return tessera_normalized(
        scale: normalized.scale + first, shift: normalized.shift + first, slope: slope,
        mean: normalized.mean + first, inverse: normalized.inverse + first)
    }
    func range(_ part: Int) -> Range<Int> { part * voxels / parts..<(part + 1) * voxels / parts }

    pool.forEach(parts * blocks) { item, _ in
      let (block, range) = (item / parts, range(item % parts))
      var channels = of(block)
      kernels.table.pointee.normalization_sums(
        x.block(block) + range.lowerBound * lanes, gradient.block(block) + range.lowerBound * lanes, range.count,
        &channels, sums + item * 2 * lanes)
    }
    for channel in 0..<blocks * lanes {
      var sum = 0.0
      var product = 0.0
      for part in 0..<parts {
        let place = (channel / lanes * parts + part) * 2 * lanes + channel % lanes
        sum += sums[place]
        product += sums[place + lanes]
      }
      let isReal = channel < channels
      factors[channel] = isReal ? gamma[channel] * normalized.inverse[channel] : 0
      means[channel] = Float(sum / Double(voxels))
      means[blocks * lanes + channel] = Float(product / Double(voxels))
      if isReal {
        gammaGradient[channel] += Float(product)
        betaGradient[channel] += Float(sum)
      }
    }
    pool.forEach(parts * blocks) { item, _ in
      let (block, range) = (item / parts, range(item % parts))
      var channels = of(block)
      let first = block * lanes
      kernels.table.pointee.normalization_gradient(
        x.block(block) + range.lowerBound * lanes, gradient.block(block) + range.lowerBound * lanes, range.count,
        &channels, factors + first, means + first, means + blocks * lanes + first)
    }
  }
}

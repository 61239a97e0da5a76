/// What a block does with its convolution's result. Pointers are `[output channel]`.
public struct BlockTail {
  public enum Normalization: Sendable {
    /// `scale` and `shift` as they are: no normalisation, or one with statistics of the training, folded.
    case fixed
    /// By each channel's mean and variance over the voxels.
    case instance(epsilon: Float)
    /// By mean and variance over the voxels and the channels of a group; groups are neighbouring channels.
    case group(Int, epsilon: Float)
    /// By each channel's mean of squares over the voxels.
    case filterResponse(epsilon: Float)
  }

  public var normalization: Normalization
  /// Subtracted from the convolution's plain sums first: the negative bias. `nil` for 0.
  ///
  /// Instance normalisation that comes first doesn't look at it: it subtracts each channel's mean, so that a constant cancels exactly.
  public var centre: UnsafePointer<Float>?
  /// Multiplies what is normalised; `nil` for 1.
  public var scale: UnsafePointer<Float>?
  /// Added at the end of the normalisation; `nil` for 0.
  public var shift: UnsafePointer<Float>?
  public var activation: BlockActivation
  /// Whether the activation comes before the normalisation, not after it.
  public var activatesFirst: Bool

  public init(
    normalization: Normalization, centre: UnsafePointer<Float>? = nil, scale: UnsafePointer<Float>? = nil,
    shift: UnsafePointer<Float>? = nil, activation: BlockActivation, activatesFirst: Bool = false
  ) {
    self.normalization = normalization
    self.centre = centre
    self.scale = scale
    self.shift = shift
    self.activation = activation
    self.activatesFirst = activatesFirst
  }

  /// What is done to each tile while it is in cache, in order; before the statistics are taken, if there are any.
  var inTile: [(affine: ChannelAffine, activation: BlockActivation)] {
    let convolved = ChannelAffine(mean: centre)
    switch (normalization, activatesFirst) {
    case (.fixed, false): return [(ChannelAffine(mean: centre, scale: scale, shift: shift), activation)]
    case (.fixed, true): return [(convolved, activation), (ChannelAffine(scale: scale, shift: shift), .none)]
    case (_, true): return [(convolved, activation)]
    case (_, false): return []
    }
  }

  /// What is done once the statistics are known, or `nil` if nothing is left to do.
  /// - Parameters:
  ///   - mean, scales: memory for a value of each channel.
  func afterStatistics(
    _ statistics: ChannelStatistics, channels: Int, mean: UnsafeMutablePointer<Float>,
    scales: UnsafeMutablePointer<Float>, pool: ComputePool
  ) -> ChannelAffine? {
    // Of tiles that were activated, the bias is already part.
    let centre = activatesFirst ? nil : centre
    func inverse(_ variance: Double, _ epsilon: Float, _ channel: Int) -> Float {
      Float(Double(scale?[channel] ?? 1) / (variance + Double(epsilon)).squareRoot())
    }
    switch normalization {
    case .fixed:
      return nil
    case .instance(let epsilon):
      pool.forEach(channels) { channel, _ in
        let moments = statistics.combined(channel: channel)
        mean[channel] = Float(moments.mean)
        scales[channel] = inverse(moments.variance, epsilon, channel)
      }
      return ChannelAffine(mean: mean, scale: scales, shift: shift)
    case .group(let groups, let epsilon):
      let width = channels / groups
      pool.forEach(groups) { group, _ in
        let members = group * width..<(group + 1) * width
        func moments(_ channel: Int) -> (mean: Double, variance: Double) {
          let moments = statistics.combined(channel: channel)
          return (moments.mean - Double(centre?[channel] ?? 0), moments.variance)
        }
        let groupMean = members.reduce(0) { $0 + moments($1).mean } / Double(width)
        let variance =
          members.reduce(0) {
            let (mean, variance) = moments($1)
            return $0 + variance + (mean - groupMean) * (mean - groupMean)
          } / Double(width)
        for channel in members {
          mean[channel] = Float(groupMean + Double(centre?[channel] ?? 0))
          scales[channel] = inverse(variance, epsilon, channel)
        }
      }
      return ChannelAffine(mean: mean, scale: scales, shift: shift)
    case .filterResponse(let epsilon):
      pool.forEach(channels) { channel, _ in
        let moments = statistics.combined(channel: channel)
        let own = moments.mean - Double(centre?[channel] ?? 0)
        scales[channel] = inverse(moments.variance + own * own, epsilon, channel)
      }
      return ChannelAffine(mean: centre, scale: scales, shift: shift)
    }
  }
}

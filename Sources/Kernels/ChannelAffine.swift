/// `(x - mean) * scale + shift` for each channel; the pointers are `[channel]`.
public struct ChannelAffine {
  /// `nil` for 0.
  public var mean: UnsafePointer<Float>?
  /// `nil` for 1.
  public var scale: UnsafePointer<Float>?
  /// `nil` for 0.
  public var shift: UnsafePointer<Float>?

  public init(
    mean: UnsafePointer<Float>? = nil, scale: UnsafePointer<Float>? = nil, shift: UnsafePointer<Float>? = nil
  ) {
    self.mean = mean
    self.scale = scale
    self.shift = shift
  }

  /// For the channels from `channel` on.
  func from(channel: Int) -> ChannelAffine {
    ChannelAffine(
      mean: mean.map { $0 + channel }, scale: scale.map { $0 + channel }, shift: shift.map { $0 + channel })
  }
}

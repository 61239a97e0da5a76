public import Volumes

extension ChannelVolume {
  /// Whether no element is infinite or NaN.
  public var isFinite: Bool {
    // All bits of the exponent set: IEEE 754's infinities and NaNs. Without a branch, so that it runs at the speed of memory.
    let exponent: UInt32 = 0x7F80_0000
    var found: UInt32 = 0
    for element in UnsafeBufferPointer(elements) {
      found |= element.bitPattern & exponent == exponent ? 1 : 0
    }
    return found == 0
  }
}

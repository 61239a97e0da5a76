internal import CKernels

/// Between float16 and float32, row by row, with the processor's instructions where it has them.
public enum HalfPrecisionKernels {
  /// Whether the processor has instructions for it.
  static let isFast = tessera_half_is_fast() != 0

  /// Widens float16 values, exactly.
  /// - Parameter halves: little-endian, at any address.
  public static func widen(_ halves: UnsafeRawPointer, into values: UnsafeMutablePointer<Float>, count: Int) {
    widen(halves, into: values, count: count, isFast: isFast)
  }

  /// Rounds to the nearest float16, ties to even.
  /// - Parameter halves: little-endian, at any address.
  public static func narrow(_ values: UnsafePointer<Float>, into halves: UnsafeMutableRawPointer, count: Int) {
    narrow(values, into: halves, count: count, isFast: isFast)
  }

  static func widen(
    _ halves: UnsafeRawPointer, into values: UnsafeMutablePointer<Float>, count: Int, isFast: Bool
  ) {
    tessera_half_widen(halves, values, count, isFast ? 1 : 0)
  }

  static func narrow(
    _ values: UnsafePointer<Float>, into halves: UnsafeMutableRawPointer, count: Int, isFast: Bool
  ) {
    tessera_half_narrow(values, halves, count, isFast ? 1 : 0)
  }
}

import Testing
import Testkit

@testable import Kernels

/// Both ways between float16 and float32 against Swift's own conversions.
@Suite struct HalfPrecisionKernelsTests {
  private static let ways = HalfPrecisionKernels.isFast ? [false, true] : [false]

  @Test(arguments: ways)
  func everyHalfIsWidenedExactly(isFast: Bool) {
    let halves = (0...UInt16.max).map { $0.littleEndian }
    var values = [Float](repeating: 0, count: halves.count)
    halves.withUnsafeBytes {
      HalfPrecisionKernels.widen($0.baseAddress!, into: &values, count: halves.count, isFast: isFast)
    }
    for (bits, value) in values.enumerated() {
      let expected = Float(Float16(bitPattern: UInt16(bits)))
      #expect(expected.isNaN ? value.isNaN : value.bitPattern == expected.bitPattern)
    }
  }

  @Test(arguments: ways)
  func narrowingRoundsTiesToEven(isFast: Bool) {
    var generator = SplitMix64(seed: 8)
    var values = (0..<100_003).map { _ in Float(bitPattern: UInt32(truncatingIfNeeded: generator.next())) }
    values += (0..<100_000).map { _ in Float.random(in: 0...1, using: &generator) }
    // Midway between two halves, and its neighbours; the ends of the range.
    for bits in stride(from: UInt16(0), to: 0x7BFF, by: 7) {
      let middle = (Float(Float16(bitPattern: bits)) + Float(Float16(bitPattern: bits + 1))) / 2
      values += [middle, middle.nextUp, middle.nextDown, -middle]
    }
    values += [65504, 65519.996, 65520, -65520, .infinity, -.infinity, 0, -0.0, 0x1p-25, 0x1.000002p-25, 0x1p-149]
    var halves = [UInt16](repeating: 0, count: values.count)
    halves.withUnsafeMutableBytes {
      HalfPrecisionKernels.narrow(values, into: $0.baseAddress!, count: values.count, isFast: isFast)
    }
    for (value, half) in zip(values, halves) {
      let found = Float16(bitPattern: UInt16(littleEndian: half))
      #expect(value.isNaN ? found.isNaN : found.bitPattern == Float16(value).bitPattern, "\(value)")
    }
  }
}

import RandomStreams
import Testing

@Suite struct PhiloxTests {
  /// Known answers of Random123, the authors' own implementation.
  @Test func publishedVectorsAreMet() {
    let vectors: [(SIMD4<UInt32>, SIMD2<UInt32>, SIMD4<UInt32>)] = [
      (.init(0, 0, 0, 0), .init(0, 0), .init(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8)),
      (
        .init(repeating: .max), .init(repeating: .max), .init(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd)
      ),
      (
        .init(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), .init(0xa409_3822, 0x299f_31d0),
        .init(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1)
      ),
    ]
    for (counter, key, expected) in vectors { #expect(Philox.block(counter: counter, key: key) == expected) }
  }
}

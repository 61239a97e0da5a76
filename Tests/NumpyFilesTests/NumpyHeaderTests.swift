import Foundation
import NumpyFiles
import Testing
import Testkit

@Suite struct NumpyHeaderTests {
  private static func header(_ text: String, version: UInt8 = 1) -> [UInt8] {
    let length = text.utf8.count
    let size = version == 1 ? [length & 255, length >> 8] : (0..<4).map { length >> (8 * $0) & 255 }
    return [0x93] + Array("NUMPY".utf8) + [version, 0] + size.map(UInt8.init) + Array(text.utf8)
  }

  private static func read(_ bytes: [UInt8]) throws -> (header: NumpyHeader, length: Int) {
    try bytes.withUnsafeBytes { try NumpyHeader.read($0) }
  }

  @Test func headerIsReadBackAndAligned() throws {
    for shape in [[3, 72, 76, 90], [5], [], [1 << 30, 2]] {
      let header = NumpyHeader(descriptor: "<f2", shape: shape)
      let bytes = header.encoded
      #expect(bytes.count % 64 == 0)
      let found = try Self.read(bytes)
      #expect(found.header == header && found.length == bytes.count)
    }
  }

  @Test func headersOfOtherVersionsAndOrdersAreRead() throws {
    let text = "{'shape': (4,), 'descr': '|u1', 'fortran_order': True}  \n"
    for version in 1...3 as ClosedRange<UInt8> {
      let found = try Self.read(Self.header(text, version: version))
      #expect(found.header == NumpyHeader(descriptor: "|u1", isFortranOrder: true, shape: [4]))
    }
  }

  @Test(arguments: [
    "", "[]", "{'descr': '<f2', 'fortran_order': False}", "{'descr': '<f2', 'fortran_order': False, 'shape': (-1,)}",
    "{'descr': '<f2', 'fortran_order': False, 'shape': (99999999, 99999999, 99999999)}",
    "{'descr': '<f2', 'fortran_order': False, 'shape': (99999999999999999999999,)}",
    "{'descr': [('a', '<f2')], 'fortran_order': False, 'shape': (1,)}",
    "{'descr': '<f2', 'fortran_order': __import__('os'), 'shape': (1,)}",
    "{'descr': '<f2', 'fortran_order': False, 'shape': (1,), 'more': 'x'}",
  ])
  func headersThatNumpyDoesNotWriteAreRefused(text: String) {
    #expect(throws: NumpyFileError.self) { try Self.read(Self.header(text)) }
  }

  @Test func cutAndFlippedHeadersAreRefusedOrReadButNeverCrash() {
    var generator = SplitMix64(seed: 7)
    let whole = NumpyHeader(descriptor: "<f2", shape: [3, 72, 76, 90]).encoded
    for length in whole.indices { #expect(throws: NumpyFileError.self) { try Self.read(Array(whole.prefix(length))) } }
    for _ in 0..<3000 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        bytes[Int.random(in: bytes.indices, using: &generator)] = .random(in: 0...255, using: &generator)
      }
      if let found = try? Self.read(bytes) { #expect(found.length <= bytes.count && found.header.elementCount >= 0) }
    }
  }
}

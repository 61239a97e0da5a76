import Foundation
import Testing
import Testkit
import Volumes
import ZipFiles

@testable import Inference

@Suite struct SoftmaxArchiveTests {
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
    #expect(throws: InferenceError.self) { try Self.read(Self.header(text)) }
  }

  @Test func cutAndFlippedHeadersAreRefusedOrReadButNeverCrash() {
    var generator = SplitMix64(seed: 7)
    let whole = NumpyHeader(descriptor: "<f2", shape: [3, 72, 76, 90]).encoded
    for length in whole.indices { #expect(throws: InferenceError.self) { try Self.read(Array(whole.prefix(length))) } }
    for _ in 0..<3000 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        bytes[Int.random(in: bytes.indices, using: &generator)] = .random(in: 0...255, using: &generator)
      }
      if let found = try? Self.read(bytes) { #expect(found.length <= bytes.count && found.header.elementCount >= 0) }
    }
  }

  /// Written by nnU-Net 1.7.1.
  @Test func nnunetsArchiveIsRead() throws {
    let archive = try SoftmaxArchive(
      reading: Fixtures.directory.appending(path: "Task501/expected/Task501-3d_fullres-f0-nomirror/colin_small.npz"))
    #expect(archive.channels == 3)
    let count = archive.extent.count
    for voxel in stride(from: 0, to: count, by: 97) {
      let sum = (0..<3).reduce(Float(0)) { $0 + Float(archive.values[$1 * count + voxel]) }
      #expect(abs(sum - 1) < 0.002, "three roundings to float16, each by at most 2^-12")
    }
  }

  @Test func archivesThatHoldSomethingElseAreRefused() throws {
    let folder = try TemporaryFolder()
    let url = folder.url.appending(path: "case.npz")
    let array = NumpyHeader(descriptor: "<f2", shape: [1, 1, 1, 2]).encoded + [0, 0, 0, 60]
    func write(_ name: String, _ bytes: [UInt8]) throws {
      let writer = try ZipWriter(path: url.path)
      try writer.add(name, bytes)
      try writer.finish()
    }
    try write("softmax.npy", array)
    #expect(try SoftmaxArchive(reading: url).values == [0, 1])
    for (name, bytes) in [
      ("other.npy", array), ("softmax.npy", array + [0]), ("softmax.npy", Array(array.dropLast())),
      ("softmax.npy", NumpyHeader(descriptor: "<f4", shape: [1, 1, 1, 1]).encoded + [0, 0, 0, 0]),
      ("softmax.npy", NumpyHeader(descriptor: "<f2", shape: [2]).encoded + [0, 0, 0, 0]),
      ("softmax.npy", NumpyHeader(descriptor: "<f2", shape: [1 << 20, 1 << 10, 1, 1]).encoded),
    ] {
      try write(name, bytes)
      #expect(throws: InferenceError.self, "\(name)") { try SoftmaxArchive(reading: url) }
    }
  }
}

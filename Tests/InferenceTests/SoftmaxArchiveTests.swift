import Foundation
import NumpyFiles
import Testing
import Testkit
import Volumes
import ZipFiles

@testable import Inference

@Suite struct SoftmaxArchiveTests {
  /// Written by nnU-Net 1.7.1.
  @Test func nnunetsArchiveIsRead() throws {
    let folder = try TemporaryFolder()
    let archive = try SoftmaxArchive.open(
      Fixtures.directory.appending(path: "Task501/expected/Task501-3d_fullres-f0-nomirror/colin_small.npz"),
      scratch: folder.url)
    #expect(archive.channels == 3 && archive.precision == .half)
    let count = archive.extent.count
    for voxel in stride(from: 0, to: count, by: 97) {
      let sum = (0..<3).reduce(Float(0)) { $0 + archive.value(at: $1 * count + voxel) }
      #expect(abs(sum - 1) < 0.002, "three roundings to float16, each by at most 2^-12")
    }
  }

  private static func write(_ name: String, _ bytes: [UInt8], _ compression: ZipWriter.Compression, to url: URL) throws
  {
    let writer = try ZipWriter(path: url.path)
    try writer.add(name, bytes, compression: compression)
    try writer.finish()
  }

  @Test(arguments: [false, true])
  func arraysOfBothPrecisionsAreReadDeflatedAndStored(isStored: Bool) throws {
    let folder = try TemporaryFolder()
    let url = folder.url.appending(path: "case.npz")
    let compression = isStored ? ZipWriter.Compression.stored : .deflated()
    let half = NumpyHeader(descriptor: "<f2", shape: [2, 1, 1, 2]).encoded + [0, 0, 0, 60, 0, 56, 1, 0]
    try Self.write("softmax.npy", half, compression, to: url)
    let first = try SoftmaxArchive.open(url, scratch: folder.url)
    #expect(first.precision == .half && first.channels == 2 && first.extent == Extent(z: 1, y: 1, x: 2))
    #expect((0..<4).map(first.value) == [0, 1, 0.5, 0x1p-24])
    let single = NumpyHeader(descriptor: "<f4", shape: [1, 1, 2, 1]).encoded + [0, 0, 128, 63, 1, 0, 0, 63]
    try Self.write("softmax.npy", single, compression, to: url)
    let second = try SoftmaxArchive.open(url, scratch: folder.url)
    #expect(second.precision == .single && (0..<2).map(second.value) == [1, Float(0.5).nextUp])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["case.npz"], "scratch has no name")
  }

  @Test func archivesThatHoldSomethingElseAreRefused() throws {
    let folder = try TemporaryFolder()
    let url = folder.url.appending(path: "case.npz")
    let array = NumpyHeader(descriptor: "<f2", shape: [1, 1, 1, 2]).encoded + [0, 0, 0, 60]
    let fortran = NumpyHeader(descriptor: "<f2", isFortranOrder: true, shape: [1, 1, 1, 2]).encoded + [0, 0, 0, 60]
    for (name, bytes) in [
      ("other.npy", array), ("softmax.npy", array + [0]), ("softmax.npy", Array(array.dropLast())),
      ("softmax.npy", fortran), ("softmax.npy", []),
      ("softmax.npy", NumpyHeader(descriptor: "<f8", shape: [1, 1, 1, 1]).encoded + [UInt8](repeating: 0, count: 8)),
      ("softmax.npy", NumpyHeader(descriptor: "<f2", shape: [2]).encoded + [0, 0, 0, 0]),
      ("softmax.npy", NumpyHeader(descriptor: "<f2", shape: [1 << 20, 1 << 10, 1, 1]).encoded),
    ] {
      try Self.write(name, bytes, .deflated(), to: url)
      #expect(throws: InferenceError.self, "\(name)") { try SoftmaxArchive.open(url, scratch: folder.url) }
    }
    try Self.write("softmax.npy", array, .deflated(), to: url)
    #expect(throws: InferenceError.self, "more than the caller allows") {
      try SoftmaxArchive.open(
        url, scratch: folder.url, maximumValues: -SoftmaxArchiveTests.headerAllowance / 4 + 1)
    }
  }

  /// What the reader grants to the head of the array, in bytes.
  private static let headerAllowance = 1 << 17
}

import Foundation
import NumpyFiles
import Testing
import Testkit

@Suite struct ByteArchiveTests {
  @Test func labelMapsAreReadAsTheyWereWritten() throws {
    let folder = try TemporaryFolder()
    let path = folder.url.appending(path: "case.npz").path
    let archive = ArrayArchive<UInt8>(shape: [2, 3, 4], values: (0..<24).map { UInt8($0 * 11 % 256) })
    try archive.write(to: path, member: "data")
    #expect(try ArrayArchive<UInt8>(reading: path, member: "data") == archive)
    #expect(throws: NumpyFileError.self) { try ArrayArchive<UInt8>(reading: path, member: "softmax") }
    // Another element type isn't taken for labels.
    try ArrayArchive<Float>(shape: [2], values: [0, 1]).write(to: path, member: "data")
    #expect(throws: NumpyFileError.self) { try ArrayArchive<UInt8>(reading: path, member: "data") }
  }
}

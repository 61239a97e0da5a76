import Foundation
import NumpyFiles
import Testing
import Testkit

@Suite struct FloatArchiveTests {
  @Test func whatIsWrittenIsReadBack() throws {
    let folder = try TemporaryFolder()
    let path = folder.url.appending(path: "case.npz").path
    let archive = ArrayArchive<Float>(shape: [2, 3], values: [0, -1, .pi, .infinity, 1e-37, 65504])
    try archive.write(to: path, member: "data")
    #expect(try ArrayArchive<Float>(reading: path, member: "data") == archive)
    #expect(throws: NumpyFileError.self) { try ArrayArchive<Float>(reading: path, member: "softmax") }
  }
}

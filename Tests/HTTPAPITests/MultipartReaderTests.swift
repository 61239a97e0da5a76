import Testing
import Testkit

@testable import HTTPAPI

@Suite struct MultipartReaderTests {
  private func read(_ bytes: [UInt8], pieces: @escaping () -> Int, boundary: String = "B") async throws -> [(
    String, Bool, [UInt8]
  )] {
    var rest = bytes[...]
    let reader = MultipartReader(boundary: boundary) {
      guard !rest.isEmpty else { return nil }
      let piece = Array(rest.prefix(pieces()))
      rest = rest.dropFirst(piece.count)
      return piece
    }
    var parts: [(String, Bool, [UInt8])] = []
    while let part = try await reader.nextPart() {
      var content: [UInt8] = []
      while let piece = try await reader.nextPiece() { content += piece }
      parts.append((part.name, part.isFile, content))
    }
    #expect(rest.isEmpty, "all of the body is read")
    return parts
  }

  /// However the body is cut into pieces, the parts are the same, also when they hold what looks like a boundary.
  @Test func partsAreTheSameWhateverThePieces() async throws {
    var random = SplitMix64(seed: 7)
    let contents: [[UInt8]] = [
      [], Array("x".utf8), Array("\r\n".utf8), Array("\r\n--".utf8), Array("\r\n--A\r\n--\r\nB--B".utf8),
      (0..<5000).map { _ in UInt8.random(in: 0...255, using: &random) },
    ]
    var body = Array("preamble\r\n".utf8)
    for (index, content) in contents.enumerated() {
      let file = index.isMultiple(of: 2) ? "; filename=\"a \\\"b\\\".nii\"" : ""
      body += Array("--B\r\ncontent-disposition: form-data; name=\"f\(index)\"\(file)\r\nX: y\r\n\r\n".utf8) + content
      body += Array("\r\n".utf8)
    }
    body += Array("--B--\r\nepilogue".utf8)
    for round in 0..<60 {
      let parts = try await read(body) {
        round == 0 ? body.count : round < 20 ? round : Int.random(in: 1...300, using: &random)
      }
      #expect(parts.map(\.0) == contents.indices.map { "f\($0)" })
      #expect(parts.map(\.1) == contents.indices.map { $0.isMultiple(of: 2) })
      #expect(parts.map(\.2) == contents)
    }
  }

  @Test(arguments: [
    "", "--B", "--B\r\n", "--B\r\n\r\nx\r\n--B--", "--B\r\nContent-Disposition: form-data; name=a\r\n\r\nx",
    "--B\r\nContent-Disposition: form-data\r\n\r\nx\r\n--B--", "nothing of the kind", "--Bx\r\n",
  ])
  func whatIsntMultipartIsAProblem(_ text: String) async throws {
    await #expect(throws: Problem.self) { _ = try await read(Array(text.utf8)) { 3 } }
  }

  @Test func headerLinesWithoutAnEndAreAProblem() async throws {
    let text = "--B\r\n" + String(repeating: "x", count: 20_000)
    await #expect(throws: Problem.self) { _ = try await read(Array(text.utf8)) { 100 } }
  }

  @Test(arguments: [
    ("multipart/form-data; boundary=abc", "abc"), ("Multipart/Form-Data; charset=utf-8; Boundary=\"a b\"", "a b"),
    ("multipart/form-data", nil), ("multipart/form-data; boundary=", nil), ("application/json; boundary=x", nil),
  ])
  func theBoundaryIsInTheContentType(_ type: String, _ boundary: String?) {
    #expect(MultipartReader.boundary(type) == boundary)
  }
}

internal import Glibc

/// Reads a body of `multipart/form-data` (RFC 7578) piece by piece, part by part:
///
///     while let part = try await reader.nextPart() {
///       while let piece = try await reader.nextPiece() { … }
///     }
///
/// At most a piece of the source and a boundary's length are in memory. Not `Sendable`: it belongs to the one task that reads.
final class MultipartReader {
  struct Part: Hashable {
    /// The field's name.
    var name: String
    /// Whether it is a file, not a text.
    var isFile: Bool
  }

  private let source: () async throws -> [UInt8]?
  /// What ends a part: a line's end, two hyphens, the boundary.
  private let delimiter: [UInt8]
  private var buffer: [UInt8]
  private var isAtEnd = false
  /// The preamble before the first boundary is passed over like a part.
  private var isInPart = true
  private var isLast = false

  /// Bytes of a part's header lines.
  static let largestHeader = 8 << 10

  /// - Parameters:
  ///   - boundary: from the content type.
  ///   - source: the body's next piece, `nil` at the end.
  init(boundary: String, source: @escaping () async throws -> [UInt8]?) {
    self.source = source
    delimiter = Array("\r\n--\(boundary)".utf8)
    // The first boundary may begin the body, without a line's end before it.
    buffer = Array("\r\n".utf8)
  }

  /// The boundary that a content type names; `nil` for other types.
  static func boundary(_ contentType: String) -> String? {
    let parts = contentType.split(separator: ";").map { $0.trimmingPrefix(while: \.isWhitespace) }
    guard parts.first?.lowercased() == "multipart/form-data" else { return nil }
    for part in parts.dropFirst() where part.lowercased().hasPrefix("boundary=") {
      let value = part.dropFirst("boundary=".count).trimmingPrefix(while: { $0 == "\"" }).prefix { $0 != "\"" }
      // RFC 2046: 1 to 70 characters.
      return (1...70).contains(value.utf8.count) ? String(value) : nil
    }
    return nil
  }

  /// Goes on to the next part, past what is left of this one; `nil` behind the last.
  /// - Throws: `Problem` of kind badRequest for bytes that aren't multipart, and what the source throws.
  func nextPart() async throws -> Part? {
    while try await nextPiece() != nil {}
    guard !isLast else { return nil }
    let lines = try await header()
    isInPart = true
    return try Self.part(lines)
  }

  /// The next bytes of the part; `nil` at its end.
  /// - Throws: as `nextPart`.
  func nextPiece() async throws -> [UInt8]? {
    while isInPart {
      if let place = find(delimiter) {
        let piece = Array(buffer[..<place])
        buffer.removeFirst(place + delimiter.count)
        isInPart = false
        try await endOfDelimiter()
        return piece.isEmpty ? nil : piece
      }
      // What may be the beginning of a delimiter stays.
      let safe = buffer.count - delimiter.count + 1
      if safe > 0 {
        let piece = Array(buffer[..<safe])
        buffer.removeFirst(safe)
        return piece
      }
      guard try await more() else { throw Self.broken("it ends within a part") }
    }
    return nil
  }

  /// Behind a boundary: two hyphens end the whole, a line's end begins a part.
  private func endOfDelimiter() async throws {
    while buffer.count < 2, try await more() {}
    if buffer.starts(with: "--".utf8) {
      isLast = true
      // An epilogue is of no use, but is read, so that the connection stays usable.
      repeat { buffer.removeAll() } while try await more()
      return
    }
    while buffer.first == UInt8(ascii: " ") || buffer.first == UInt8(ascii: "\t") {
      buffer.removeFirst()
      while buffer.count < 2, try await more() {}
    }
    guard buffer.starts(with: "\r\n".utf8) else { throw Self.broken("a boundary isn't followed by a line's end") }
    // The line's end stays: it is part of what ends the header lines.
  }

  /// The part's header lines.
  private func header() async throws -> [String] {
    let end = Array("\r\n\r\n".utf8)
    while true {
      if let place = find(end) {
        let text = String(decoding: buffer[..<place], as: UTF8.self)
        buffer.removeFirst(place + end.count)
        return text.split(separator: "\r\n").map(String.init)
      }
      guard buffer.count <= Self.largestHeader else { throw Self.broken("the header lines of a part are too long") }
      guard try await more() else { throw Self.broken("it ends within a part's header lines") }
    }
  }

  private static func part(_ lines: [String]) throws -> Part {
    let prefix = "content-disposition:"
    guard let line = lines.first(where: { $0.lowercased().hasPrefix(prefix) }) else {
      throw broken("a part has no Content-Disposition")
    }
    var values: [String: String] = [:]
    for match in line.matches(of: #/;\s*([A-Za-z*]+)=(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))/#) {
      values[match.1.lowercased()] = String(match.2 ?? match.3 ?? "")
    }
    guard let name = values["name"] else { throw broken("a part has no name") }
    return Part(name: name, isFile: values["filename"] != nil || values["filename*"] != nil)
  }

  private func more() async throws -> Bool {
    guard !isAtEnd, let piece = try await source() else {
      isAtEnd = true
      return false
    }
    buffer += piece
    return true
  }

  /// Where `needle`, which begins with a carriage return, is in the buffer.
  private func find(_ needle: [UInt8]) -> Int? {
    buffer.withUnsafeBytes { bytes in
      needle.withUnsafeBytes { needle in
        guard let base = bytes.baseAddress, let wanted = needle.baseAddress else { return nil }
        var place = 0
        while bytes.count - place >= needle.count {
          guard let found = memchr(base + place, Int32(needle[0]), bytes.count - place - needle.count + 1) else {
            return nil
          }
          place = UnsafeRawPointer(found) - base
          if memcmp(found, wanted, needle.count) == 0 { return place }
          place += 1
        }
        return nil
      }
    }
  }

  private static func broken(_ why: String) -> Problem {
    Problem(.badRequest, "The multipart body can't be read: \(why).")
  }
}

internal import Digests
internal import FleetContracts
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// A blob as an answer: verified, then sent piece by piece from the mapped file.
struct StoredContent {
  let store: any BlobStore

  /// Bytes that are written at once.
  private static let piece = 256 << 10

  /// The blob, or the one range of it that the request asks for (RFC 9110, section 14), or 304 when the caller has it.
  /// - Parameter name: what a browser calls the file.
  /// - Throws: `Problem` of kind rangeNotSatisfiable, `BlobStoreError`.
  func response(_ digest: Digest, type: String, name: String, for request: Request) async throws -> Response {
    var headers: HTTPFields = [
      .eTag: "\"\(digest)\"", .cacheControl: "private, max-age=31536000, immutable", .acceptRanges: "bytes",
    ]
    if EntityTag.matches(request.headers[.ifNoneMatch], digest) {
      return Response(status: .notModified, headers: headers)
    }
    let blob = try await store.get(digest)
    headers[.contentType] = type
    headers[.contentDisposition] = "attachment; filename=\"\(name)\""
    var part = 0..<blob.count
    var status = HTTPResponse.Status.ok
    // A range of another version would be nonsense, so with If-Range it is only given of this one.
    let ifRange = request.headers[.ifRange]
    if let text = request.headers[.range], ifRange == nil || EntityTag.matches(ifRange, digest) {
      switch ByteRange.parse(text, of: blob.count) {
      case .range(let range):
        part = range
        status = .partialContent
        headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(blob.count)"
      case .outside:
        throw Problem(.rangeNotSatisfiable, "The content has \(blob.count) bytes.")
      case .ignored: break
      }
    }
    if status == .ok, let field = HTTPField.Name("repr-digest") { headers[field] = AnnouncedDigest.field(digest) }
    return Response(
      status: status, headers: headers,
      body: ResponseBody(contentLength: part.count) { [part] writer in
        for start in stride(from: part.lowerBound, to: part.upperBound, by: Self.piece) {
          let end = min(start + Self.piece, part.upperBound)
          try await writer.write(
            blob.withBytes { ByteBuffer(bytes: UnsafeRawBufferPointer(rebasing: $0[start..<end])) })
          blob.unloadMapped()
        }
        try await writer.finish(nil)
      })
  }
}

/// Entity tags (RFC 9110, section 8.8.3): a content's SHA-256 in quotes.
enum EntityTag {
  /// Whether a header such as `If-None-Match` names the digest, or `*`.
  static func matches(_ header: String?, _ digest: Digest) -> Bool {
    guard let header else { return false }
    return header.split(separator: ",").contains { entry in
      let tag = entry.trimmingCharacters(in: .whitespaces)
      return tag == "*" || tag == "\"\(digest)\"" || tag == "W/\"\(digest)\""
    }
  }
}

/// A header `Range` of one range of bytes.
enum ByteRange: Hashable {
  case range(Range<Int>)
  case outside
  /// Several ranges, other units, or nonsense: the whole is sent, as RFC 9110 allows.
  case ignored

  static func parse(_ text: String, of count: Int) -> ByteRange {
    guard let match = text.wholeMatch(of: #/bytes=(\d{0,18})-(\d{0,18})/#) else { return .ignored }
    switch (Int(match.1), Int(match.2)) {
    case (nil, nil): return .ignored
    case (nil, let suffix?):
      guard suffix > 0, count > 0 else { return .outside }
      return .range(max(0, count - suffix)..<count)
    case (let first?, let last):
      if let last, last < first { return .ignored }
      guard first < count else { return .outside }
      return .range(first..<min(count, last.map { $0 + 1 } ?? count))
    }
  }
}

internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// Reads a request's body piece by piece, and holds it to a size.
///
/// Not `Sendable`: it belongs to the one task that answers the request.
final class BodyReader {
  private var iterator: RequestBody.AsyncIterator
  private let limit: Int
  /// What the request said, to tell a body that broke off.
  private let announced: Int?
  private(set) var count = 0

  /// - Throws: `Problem` of kind tooLarge, when the request says so itself.
  init(_ request: Request, limit: Int) throws {
    self.limit = limit
    announced = request.headers[.contentLength].flatMap { Int($0) }
    iterator = request.body.makeAsyncIterator()
    if let announced, announced > limit { throw Self.tooLarge(limit) }
  }

  /// The next piece; `nil` at the end.
  /// - Throws: `Problem` of kind tooLarge, or badRequest when the connection broke off before the end.
  func next() async throws -> [UInt8]? {
    guard let buffer = try await iterator.next() else {
      if let announced, count < announced {
        throw Problem(.badRequest, "The body broke off after \(count) of \(announced) bytes.")
      }
      return nil
    }
    count += buffer.readableBytes
    guard count <= limit else { throw Self.tooLarge(limit) }
    return Array(buffer.readableBytesView)
  }

  private static func tooLarge(_ limit: Int) -> Problem {
    Problem(.tooLarge, "A request may have \(limit) bytes (serve.upload.limit).")
  }
}

internal import Digests
internal import Foundation
internal import HTTPTypes
internal import Hummingbird

/// What a request's `Content-Digest` or `Repr-Digest` says of its body (RFC 9530), so that a body that was damaged on its way isn't kept.
enum AnnouncedDigest {
  /// The announced SHA-256; `nil` where none is announced. Other algorithms aren't looked at.
  /// - Throws: `Problem` of kind badRequest.
  static func sha256(_ request: Request) throws -> Digest? {
    for name in ["content-digest", "repr-digest"] {
      guard let field = HTTPField.Name(name), let text = request.headers[field] else { continue }
      for entry in text.split(separator: ",") {
        let parts = entry.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
        guard parts.count == 2, parts[0] == "sha-256" else { continue }
        guard parts[1].count > 2, parts[1].hasPrefix(":"), parts[1].hasSuffix(":"),
          let data = Data(base64Encoded: String(parts[1].dropFirst().dropLast())), data.count == 32,
          let digest = Digest(hexadecimal: data.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
        else {
          throw Problem(.badRequest, "\(name) must be of the form sha-256=:BASE64:, with the 32 bytes of a SHA-256.")
        }
        return digest
      }
    }
    return nil
  }

  /// As a header says it.
  static func field(_ digest: Digest) -> String {
    let digits = Array(digest.hexadecimal.utf8)
    let bytes = stride(from: 0, to: digits.count, by: 2).compactMap {
      UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
    }
    return "sha-256=:\(Data(bytes).base64EncodedString()):"
  }
}

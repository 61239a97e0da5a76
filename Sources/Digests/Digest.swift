internal import CCrypto

/// A SHA-256 digest: the name of a blob, and the proof that its bytes are whole. Written as 64 lower-case hexadecimal digits.
public struct Digest: Hashable, Sendable, CustomStringConvertible {
  /// 64 lower-case hexadecimal digits.
  public let hexadecimal: String

  /// `nil` unless `hexadecimal` is 64 lower-case hexadecimal digits: a digest becomes part of file names.
  public init?(hexadecimal: String) {
    let digits = hexadecimal.utf8
    let isHexadecimal = digits.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    guard digits.count == 64, isHexadecimal else { return nil }
    self.hexadecimal = hexadecimal
  }

  /// The digest of `bytes`.
  public init(of bytes: UnsafeRawBufferPointer) {
    var hasher = DigestHasher()
    hasher.update(bytes)
    self = hasher.finalize()
  }

  /// The digest of `bytes`.
  public init(of bytes: some Sequence<UInt8>) {
    self = Array(bytes).withUnsafeBytes { Digest(of: $0) }
  }

  fileprivate init(raw: [UInt8]) {
    let digits = Array("0123456789abcdef".utf8)
    hexadecimal = String(decoding: raw.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  public var description: String { hexadecimal }
}

extension Digest: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let digest = Digest(hexadecimal: try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "a SHA-256 digest is 64 lower-case hexadecimal digits")
    }
    self = digest
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(hexadecimal)
  }
}

/// SHA-256 of bytes that arrive in pieces (OpenSSL's implementation, which uses the processor's SHA instructions).
public struct DigestHasher: ~Copyable {
  private let context: OpaquePointer

  public init() {
    context = EVP_MD_CTX_new()
    // Fails only when OpenSSL was built without SHA-256, which no Debian build is.
    precondition(EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1, "OpenSSL has no SHA-256")
  }

  deinit { EVP_MD_CTX_free(context) }

  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress else { return }
    EVP_DigestUpdate(context, base, bytes.count)
  }

  public consuming func finalize() -> Digest {
    var raw = [UInt8](repeating: 0, count: 32)
    EVP_DigestFinal_ex(context, &raw, nil)
    return Digest(raw: raw)
  }
}

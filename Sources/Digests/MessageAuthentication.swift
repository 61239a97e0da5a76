internal import CCrypto

/// HMAC-SHA256 (RFC 2104): proves to whoever has the key that bytes are from somebody who has it too.
public enum MessageAuthentication {
  /// The 32 bytes that authenticate `message`.
  public static func code(of message: some Sequence<UInt8>, key: [UInt8]) -> [UInt8] {
    let message = Array(message)
    var code = [UInt8](repeating: 0, count: 32)
    var size = UInt32(code.count)
    _ = HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, &code, &size)
    return code
  }
}

internal import Foundation

/// The key that a webhook's deliveries are signed with. Its description doesn't tell it.
public struct WebhookSecret: Hashable, Sendable, CustomStringConvertible {
  /// 24 to 64 bytes.
  public let bytes: [UInt8]

  private static let prefix = "whsec_"
  private static let sizes = 24...64

  /// A new one, of 32 random bytes.
  public init() {
    var generator = SystemRandomNumberGenerator()
    bytes = (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
  }

  /// As it was shown: `whsec_` and base64; `nil` for another form.
  public init?(_ text: String) {
    guard
      let data = Data(base64Encoded: text.hasPrefix(Self.prefix) ? String(text.dropFirst(Self.prefix.count)) : text),
      Self.sizes.contains(data.count)
    else { return nil }
    bytes = Array(data)
  }

  /// What is shown once, and what the receiver needs.
  public var revealed: String { Self.prefix + Data(bytes).base64EncodedString() }

  public var description: String { "a secret" }
}

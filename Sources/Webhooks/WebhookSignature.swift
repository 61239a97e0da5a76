internal import Digests
public import FleetContracts
internal import Foundation

/// The headers by which a receiver knows that an event is from the fleet, after Standard Webhooks
/// (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
public enum WebhookSignature {
  /// - Parameters:
  ///   - id: the event's identifier: the same for each attempt.
  ///   - timestamp: of this attempt, in seconds since 1970.
  public static func headers(
    id: String, timestamp: Int, body: [UInt8], secret: WebhookSecret
  ) -> [(name: String, value: String)] {
    let signed = Array("\(id).\(timestamp).".utf8) + body
    let code = Data(MessageAuthentication.code(of: signed, key: secret.bytes)).base64EncodedString()
    return [("webhook-id", id), ("webhook-timestamp", "\(timestamp)"), ("webhook-signature", "v1,\(code)")]
  }
}

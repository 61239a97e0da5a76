public import Foundation

/// A URL that events may be posted to: `https`, or `http` where that is asked for or doesn't leave the machine.
public struct WebhookAddress: Hashable, Sendable, CustomStringConvertible {
  public let url: URL

  /// - Parameter allowsPlain: whether events may travel unencrypted to other machines.
  /// - Throws: `WebhookAddressError`.
  public init(_ text: String, allowsPlain: Bool) throws {
    guard let parts = URLComponents(string: text), let url = parts.url, let host = parts.host, !host.isEmpty,
      let scheme = parts.scheme?.lowercased(), scheme == "http" || scheme == "https"
    else {
      throw WebhookAddressError("\(text) is no http or https URL; give one such as https://ris.example.org/tessera.")
    }
    guard parts.user == nil, parts.password == nil else {
      throw WebhookAddressError(
        "The URL holds a user name or password, which would be kept readable; deliveries are signed, so leave them out."
      )
    }
    guard parts.fragment == nil else { throw WebhookAddressError("The URL has a fragment (#…), which is never sent.") }
    guard scheme == "https" || allowsPlain || Self.isLoopback(host) else {
      throw WebhookAddressError(
        "\(text) would send events unencrypted; use https, or set TESSERA_WEBHOOK_PLAIN=true where the network is trusted."
      )
    }
    self.url = url
  }

  public var description: String { url.absoluteString }

  private static func isLoopback(_ host: String) -> Bool {
    let name = host.trimmingCharacters(in: CharacterSet(charactersIn: "[]")).lowercased()
    if name == "localhost" || name == "::1" { return true }
    let numbers = name.split(separator: ".", omittingEmptySubsequences: false)
    return numbers.count == 4 && numbers.first == "127" && numbers.allSatisfy { UInt8($0) != nil }
  }
}

public struct WebhookAddressError: Error, Hashable, CustomStringConvertible {
  public var description: String

  init(_ description: String) { self.description = description }
}

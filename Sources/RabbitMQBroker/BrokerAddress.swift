internal import Foundation

/// Where a broker is and who asks: `amqp://user:password@host:port/vhost` (rabbitmq.com, "RabbitMQ URI Specification"), or `amqps://…`
/// for TLS, with the files as parameters of the URL: `?cacertfile=ca.crt&certfile=client.crt&keyfile=client.key` ("RabbitMQ URI Query
/// Parameters").
///
/// The password is never part of a description, an error or a log line.
public struct BrokerAddress: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
  public let host: String
  public let port: Int
  public let virtualHost: String
  let user: String
  let password: String
  /// `nil` for a connection without TLS.
  public let tls: TLSFiles?

  /// What may be shown: host, port, virtual host.
  public var description: String { "\(host):\(port)/\(virtualHost)" }

  public var customMirror: Mirror { Mirror(self, children: ["address": description]) }

  /// Whether the way to the broker doesn't leave this machine.
  public var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }

  /// Why data on its way there could be read or changed, and what to do; `nil` where nothing is wrong.
  public var weakness: String? {
    guard tls == nil, !isLoopback else { return nil }
    return
      "The connection to the broker at \(host) has no TLS, so its password and messages can be read on the way; use amqps:// with cacertfile."
  }

  /// - Parameter files: For TLS, as far as the URL doesn't name them.
  /// - Throws: `BrokerAddressError`.
  public init(_ url: String, files: TLSFiles = TLSFiles()) throws(BrokerAddressError) {
    guard let parts = URLComponents(string: url), let scheme = parts.scheme?.lowercased() else {
      throw .unreadable("it isn't a URL")
    }
    guard scheme == "amqp" || scheme == "amqps" else { throw .unreadable("its scheme is \"\(scheme)\"") }
    let isSecure = scheme == "amqps"
    guard let host = parts.host, !host.isEmpty else { throw .unreadable("it names no host") }
    // IPv6 addresses stand in brackets in a URL, and without them everywhere else.
    self.host = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    port = parts.port ?? (isSecure ? 5671 : 5672)
    guard (1...65535).contains(port) else { throw .unreadable("its port is \(port)") }
    user = parts.user ?? "guest"
    password = parts.password ?? "guest"

    // "amqp://host" and "amqp://host/" both mean the virtual host "/" to people, though the specification has "" for the second.
    let path = parts.percentEncodedPath.dropFirst()
    guard !path.contains("/"), let name = path.removingPercentEncoding else {
      throw .unreadable("its virtual host isn't one percent-encoded name")
    }
    virtualHost = name.isEmpty ? "/" : name
    guard ![self.host, user, password, virtualHost].contains(where: { $0.utf8.contains(0) }) else {
      throw .unreadable("it contains a zero byte")
    }
    guard parts.fragment == nil else { throw .unreadable("it has a fragment (#)") }
    let named = try Self.files(parts.queryItems ?? [])
    guard isSecure || named == TLSFiles() else {
      throw .unreadable("it names files for TLS, but its scheme is amqp; say amqps")
    }
    tls = isSecure ? named.filled(from: files) : nil
    if let tls, (tls.certificate == nil) != (tls.key == nil) {
      throw .unreadable(
        "a client's certificate (certfile) and its key (keyfile) belong together, and only one is named")
    }
  }

  /// What the URL's parameters say about TLS. Those that would weaken it are refused, not overlooked.
  private static func files(_ items: [URLQueryItem]) throws(BrokerAddressError) -> TLSFiles {
    var files = TLSFiles()
    for item in items {
      guard let value = item.value, !value.isEmpty, !value.utf8.contains(0) else {
        throw .unreadable("its parameter \(item.name) has no value")
      }
      switch item.name {
      case "cacertfile": files.authorities = value
      case "certfile": files.certificate = value
      case "keyfile": files.key = value
      case "verify" where value == "verify_peer": break
      case "verify":
        throw .unreadable(
          "its parameter verify isn't verify_peer; certificates are always checked, name yours by cacertfile")
      default: throw .unreadable("its parameter \(item.name) isn't known; cacertfile, certfile, keyfile and verify are")
      }
    }
    return files
  }
}

/// A broker's URL that can't be used. It never quotes the URL, which has a password.
public enum BrokerAddressError: Error, Hashable, CustomStringConvertible {
  case unreadable(String)

  public var description: String {
    switch self {
    case .unreadable(let reason):
      "The broker's URL can't be used: \(reason). Expected amqp://USER:PASSWORD@HOST:PORT/VHOST, or amqps:// for TLS, with percent-encoded parts."
    }
  }
}

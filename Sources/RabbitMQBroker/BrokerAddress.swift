internal import Foundation

/// Where a broker is and who asks: `amqp://user:password@host:port/vhost` (rabbitmq.com, "RabbitMQ URI Specification").
///
/// The password is never part of a description, an error or a log line.
public struct BrokerAddress: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
  public let host: String
  public let port: Int
  public let virtualHost: String
  let user: String
  let password: String

  /// What may be shown: host, port, virtual host.
  public var description: String { "\(host):\(port)/\(virtualHost)" }

  public var customMirror: Mirror { Mirror(self, children: ["address": description]) }

  /// - Throws: `BrokerAddressError`.
  public init(_ url: String) throws(BrokerAddressError) {
    guard let parts = URLComponents(string: url), let scheme = parts.scheme?.lowercased() else {
      throw .unreadable("it isn't a URL")
    }
    guard scheme != "amqps" else { throw .tlsUnsupported }
    guard scheme == "amqp" else { throw .unreadable("its scheme is \"\(scheme)\"") }
    guard let host = parts.host, !host.isEmpty else { throw .unreadable("it names no host") }
    // IPv6 addresses stand in brackets in a URL, and without them everywhere else.
    self.host = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    port = parts.port ?? 5672
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
    guard parts.query == nil, parts.fragment == nil else { throw .unreadable("it has parameters, and none are known") }
  }
}

/// A broker's URL that can't be used. It never quotes the URL, which has a password.
public enum BrokerAddressError: Error, Hashable, CustomStringConvertible {
  case unreadable(String)
  case tlsUnsupported

  public var description: String {
    switch self {
    case .unreadable(let reason):
      "The broker's URL can't be used: \(reason). Expected amqp://USER:PASSWORD@HOST:PORT/VHOST with percent-encoded parts."
    case .tlsUnsupported:
      "The broker's URL asks for TLS (amqps), which this version can't speak; use amqp:// over a protected network or a tunnel."
    }
  }
}

/// Where a process answers HTTP requests, such as `127.0.0.1:9090` or `[::1]:9090`; `0.0.0.0` stands for all of the machine's addresses.
public struct ListenAddress: Hashable, Sendable, CustomStringConvertible {
  public var host: String
  public var port: Int

  /// - Throws: `ListenAddressError`.
  public init(_ text: String) throws {
    guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
      (0...65535).contains(port)
    else { throw ListenAddressError(text: text) }
    var host = String(text[..<colon])
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = String(host.dropFirst().dropLast())
    } else if host.contains(":") {
      throw ListenAddressError(text: text)
    }
    guard !host.isEmpty else { throw ListenAddressError(text: text) }
    self.host = host
    self.port = port
  }

  /// Whether only this machine reaches it.
  public var isLoopback: Bool { host == "localhost" || host == "::1" || (host.hasPrefix("127.") && isNumeric) }

  private var isNumeric: Bool {
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
  }

  public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

public struct ListenAddressError: Error, Hashable, CustomStringConvertible {
  public var text: String

  public var description: String {
    "The address \(text) can't be listened on: expected HOST:PORT, such as 127.0.0.1:9090 or [::1]:9090, with a port from 0 to 65535."
  }
}

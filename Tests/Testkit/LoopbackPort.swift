import Foundation

/// Ports of 127.0.0.1 for servers that a test starts.
public enum LoopbackPort {
  /// A port at which nobody listens. It lies below the range of outgoing connections, of which any could otherwise take it before the
  /// server does.
  public static func free() throws -> Int {
    for _ in 0..<100 {
      let port = Int.random(in: 20_000..<32_000)
      if try !isListening(port) { return port }
    }
    throw POSIXError(.EADDRNOTAVAIL)
  }

  /// Whether somebody listens at `port`, from the system's own table, without a connection.
  public static func isListening(_ port: Int) throws -> Bool {
    let table = try String(contentsOfFile: "/proc/net/tcp", encoding: .ascii)
    return table.contains(":\(String(format: "%04X", port)) 00000000:0000 0A")
  }
}

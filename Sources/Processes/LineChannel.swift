internal import Glibc

/// Lines of text over a stream socket, in both directions: how a process and its child talk.
public struct LineChannel: Sendable {
  /// A longer line ends the conversation: nobody who keeps to the protocol sends one.
  public static let longestLine = 64 << 10

  let descriptor: Int32

  /// The channel to the process that started this one: its standard input.
  public static let toParent = LineChannel(descriptor: 0)

  /// Sends a line. Blocks while the other side doesn't read.
  /// - Returns: Whether the other side is still there.
  public func send(_ line: [UInt8]) -> Bool {
    let bytes = line + [UInt8(ascii: "\n")]
    var sent = 0
    while sent < bytes.count {
      // Without a SIGPIPE when nobody listens any more.
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count > 0 { sent += count } else if errno != EINTR { return false }
    }
    return true
  }

  /// Calls `body` with each line until the other side has ended. Blocks.
  public func receive(_ body: ([UInt8]) -> Void) {
    var line: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = piece.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      for byte in piece[..<count] {
        if byte == UInt8(ascii: "\n") {
          body(line)
          line = []
        } else {
          line.append(byte)
        }
      }
      guard line.count <= Self.longestLine else { return }
    }
  }
}

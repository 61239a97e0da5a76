internal import Dispatch
internal import Foundation
internal import Synchronization

#if canImport(Glibc)
  internal import Glibc
#endif

/// The terminal on standard output, while it shows one picture after another: a screen of its own, keys without echo, and everything as it was
/// afterwards, however the program ends.
final class Terminal {
  private let saved: termios
  private let stop = Stop()
  private let signals: [any DispatchSourceSignal]

  /// Whether a signal has asked to leave.
  private final class Stop: Sendable {
    let isWanted = Mutex(false)
  }

  /// `nil` when standard input or output is no terminal.
  init?() {
    var attributes = termios()
    guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1, tcgetattr(STDIN_FILENO, &attributes) == 0 else {
      return nil
    }
    saved = attributes
    signals = [SIGTERM, SIGINT, SIGHUP].map { number in
      signal(number, SIG_IGN)
      return DispatchSource.makeSignalSource(signal: number, queue: .global())
    }
    // Keys come at once and unseen; reading doesn't wait.
    attributes.c_lflag &= ~tcflag_t(ICANON | ECHO)
    withUnsafeMutableBytes(of: &attributes.c_cc) { keys in
      keys[Int(VMIN)] = 0
      keys[Int(VTIME)] = 0
    }
    tcsetattr(STDIN_FILENO, TCSANOW, &attributes)
    // The other screen, without cursor.
    Self.write("\u{1B}[?1049h\u{1B}[?25l")
    for source in signals {
      source.setEventHandler { [stop] in stop.isWanted.withLock { $0 = true } }
      source.resume()
    }
  }

  deinit {
    for source in signals { source.cancel() }
    Self.write("\u{1B}[?25h\u{1B}[?1049l")
    var attributes = saved
    tcsetattr(STDIN_FILENO, TCSANOW, &attributes)
  }

  /// Width and height, in characters.
  var size: (columns: Int, rows: Int) { Self.size ?? (80, 24) }

  /// Of the terminal on standard output; `nil` when there is none.
  static var size: (columns: Int, rows: Int)? {
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return nil }
    return (Int(size.ws_col), Int(size.ws_row))
  }

  /// Shows the lines in place of those before, without flicker.
  func show(_ lines: [String]) {
    // To the top; each line is cleared behind its text, and then all below.
    Self.write("\u{1B}[H" + lines.map { $0 + "\u{1B}[K" }.joined(separator: "\r\n") + "\u{1B}[J")
  }

  /// Waits until `duration` is over, the size has changed, or the user wants to leave, by `q` or a signal.
  /// - Returns: Whether to go on.
  func pause(_ duration: Duration) async -> Bool {
    let end = ContinuousClock.now + duration
    let before = size
    while ContinuousClock.now < end {
      if stop.isWanted.withLock({ $0 }) || Task.isCancelled { return false }
      var key: UInt8 = 0
      while read(STDIN_FILENO, &key, 1) == 1 {
        if key == UInt8(ascii: "q") || key == UInt8(ascii: "Q") { return false }
      }
      if size != before { return true }
      try? await Task.sleep(for: .milliseconds(50))
    }
    return true
  }

  private static func write(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }
}

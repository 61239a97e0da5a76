internal import Foundation

#if canImport(Glibc)
  internal import Glibc
#endif

/// Shows how far a case is: a bar with the expected rest on a terminal, a plain line every tenth otherwise. On standard error.
final class ProgressLine {
  private let title: String
  private let isTerminal: Bool
  /// When the first unit could begin: what went before says nothing of their speed.
  private var started: ContinuousClock.Instant?
  private var lastTenth = -1
  private var isDrawn = false

  init(title: String) {
    self.title = title
    isTerminal = isatty(STDERR_FILENO) == 1
  }

  /// - Parameters:
  ///   - step: what is being done, such as `predicting`.
  ///   - done: units finished.
  ///   - total: units altogether; 0 when not yet known.
  func show(step: String, done: Int, total: Int) {
    let now = ContinuousClock.now
    if total > 0, started == nil { started = now }
    let elapsed = now - (started ?? now)
    if isTerminal {
      draw(step: step, done: done, total: total, elapsed: elapsed)
    } else if total > 0 {
      let tenth = done * 10 / total
      guard tenth > lastTenth else { return }
      lastTenth = tenth
      Output.note("\(title): \(step), \(done) of \(total) tiles")
    }
  }

  private func draw(step: String, done: Int, total: Int, elapsed: Duration) {
    var text = "\(title)  \(step)"
    if total > 0 {
      let width = 30
      let filled = width * done / total
      text +=
        "  [\(String(repeating: "#", count: filled))\(String(repeating: ".", count: width - filled))] \(done)/\(total)"
      if done > 0, done < total {
        let rest = elapsed / .seconds(1) * Double(total - done) / Double(done)
        text += "  about \(Formats.seconds(rest)) left"
      }
    }
    FileHandle.standardError.write(Data("\r\u{1B}[2K\(text)".utf8))
    isDrawn = true
  }

  /// Removes the bar.
  func finish() {
    if isDrawn { FileHandle.standardError.write(Data("\r\u{1B}[2K".utf8)) }
    isDrawn = false
  }
}

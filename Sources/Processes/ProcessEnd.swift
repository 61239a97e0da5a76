/// How a process ended.
public enum ProcessEnd: Hashable, Sendable, CustomStringConvertible {
  case exited(code: Int32)
  case killed(signal: Int32)

  /// - Parameter status: as `waitpid` gives it.
  init(status: Int32) {
    // The lowest seven bits are the signal, 0 for a process that exited; the byte above them is its exit code.
    self = status & 0x7F == 0 ? .exited(code: status >> 8 & 0xFF) : .killed(signal: status & 0x7F)
  }

  public var description: String {
    switch self {
    case .exited(let code): "exited with code \(code)"
    case .killed(let signal): "was ended by signal \(signal)\(Self.names[signal].map { " (\($0))" } ?? "")"
    }
  }

  /// Signals that end processes which compute.
  private static let names: [Int32: String] = [
    4: "illegal instruction, or a check that failed", 5: "a check that failed", 6: "abort", 7: "bus error",
    8: "arithmetic error", 9: "SIGKILL", 11: "segmentation fault", 15: "SIGTERM", 24: "limit of processor time",
    31: "bad system call",
  ]
}

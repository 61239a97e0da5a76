internal import Foundation
internal import JSONLogs
internal import Logging

/// Logs go to standard error; `TESSERA_LOG_LEVEL` sets the least that is said (default: info for roles, error for one-shot commands).
enum FleetLogging {
  /// `log.format`, `TESSERA_LOG_FORMAT`.
  enum Format: String, CaseIterable {
    /// For people.
    case text
    /// One object a line, for collectors.
    case json
  }

  /// For a long-running role.
  static func role(_ name: String, format: Format) -> Logger { make(name, default: .info, format: format) }

  /// For a command that people wait for.
  static func logger(_ name: String) -> Logger { make(name, default: .error, format: .text) }

  private static func make(_ name: String, default level: Logger.Level, format: Format) -> Logger {
    var logger = Logger(label: "tessera.\(name)") { label -> any LogHandler in
      switch format {
      case .text: StreamLogHandler.standardError(label: label)
      case .json: JSONLogHandler.standardError(role: name)
      }
    }
    let wish = ProcessInfo.processInfo.environment["TESSERA_LOG_LEVEL"].flatMap { Logger.Level(rawValue: $0) }
    logger.logLevel = wish ?? level
    return logger
  }
}

internal import Foundation
internal import Logging

/// Logs go to standard error; `TESSERA_LOG_LEVEL` sets the least that is said (default: info for roles, error for one-shot commands).
enum FleetLogging {
  /// For a long-running role.
  static func role(_ name: String) -> Logger { make(name, default: .info) }

  /// For a command that people wait for.
  static func logger(_ name: String) -> Logger { make(name, default: .error) }

  private static func make(_ name: String, default level: Logger.Level) -> Logger {
    var logger = Logger(label: "tessera.\(name)") { StreamLogHandler.standardError(label: $0) }
    let wish = ProcessInfo.processInfo.environment["TESSERA_LOG_LEVEL"].flatMap { Logger.Level(rawValue: $0) }
    logger.logLevel = wish ?? level
    return logger
  }
}

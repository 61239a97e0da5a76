import Logging
import Synchronization

/// What was logged.
final class RecordedLog: Sendable {
  private typealias Entry = (level: Logger.Level, message: String, metadata: Logger.Metadata)
  private let entries = Mutex<[Entry]>([])

  var logger: Logger { Logger(label: "test") { _ in Handler(log: self) } }

  var warnings: [String] { entries.withLock { $0.filter { $0.level >= .warning }.map(\.message) } }

  func count(_ message: String) -> Int { entries.withLock { $0.count { $0.message == message } } }

  /// Of the last entry with this message.
  func value(_ key: String, of message: String) -> String? {
    entries.withLock { $0.last { $0.message == message }?.metadata[key].map { "\($0)" } }
  }

  private struct Handler: LogHandler {
    let log: RecordedLog
    var metadata = Logger.Metadata()
    var logLevel = Logger.Level.trace

    init(log: RecordedLog) { self.log = log }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      log.entries.withLock { $0.append((event.level, "\(event.message)", event.metadata ?? [:])) }
    }
  }
}

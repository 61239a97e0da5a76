public import Foundation
public import Logging

/// Logs as one JSON object a line, for collectors: `time` (RFC 3339, UTC), `level`, `role`, `message`, then the facts under their names in
/// snake case. The message is a constant sentence, so it can be searched for and counted.
///
/// A fact whose name is one of the first four gets an underscore after it.
public struct JSONLogHandler: LogHandler {
  public var logLevel = Logger.Level.info
  public var metadata: Logger.Metadata = [:]
  public var metadataProvider: Logger.MetadataProvider?

  private let role: String
  private let now: @Sendable () -> Date
  private let write: @Sendable (String) -> Void

  /// - Parameters:
  ///   - role: what the process does, such as `worker`.
  ///   - now: the clock.
  ///   - write: takes a line with its line feed; called from any thread, for each line once.
  public init(
    role: String, now: @escaping @Sendable () -> Date = { Date() }, write: @escaping @Sendable (String) -> Void
  ) {
    self.role = role
    self.now = now
    self.write = write
  }

  /// Writes to standard error, each line whole.
  public static func standardError(role: String) -> JSONLogHandler {
    JSONLogHandler(role: role) { FileHandle.standardError.write(Data($0.utf8)) }
  }

  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  public func log(event: LogEvent) {
    var facts = metadata
    facts.merge(metadataProvider?.get() ?? [:]) { $1 }
    facts.merge(event.metadata ?? [:]) { $1 }
    if let error = event.error, facts["error"] == nil { facts["error"] = "\(error)" }

    let head: [(String, String)] = [
      ("time", now().formatted(Self.timestamp)), ("level", event.level.rawValue), ("role", role),
      ("message", event.message.description),
    ]
    var taken = Set(head.map(\.0))
    var members = head.map { "\(JSONText.string($0)):\(JSONText.string($1))" }
    for (name, value) in facts.sorted(by: { $0.key < $1.key }) {
      var key = JSONText.snakeCase(name)
      while !taken.insert(key).inserted { key += "_" }
      members.append("\(JSONText.string(key)):\(JSONText.value(value))")
    }
    write("{\(members.joined(separator: ","))}\n")
  }

  private static let timestamp = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
}

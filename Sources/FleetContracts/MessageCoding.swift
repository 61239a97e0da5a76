internal import Foundation
internal import Wording

extension QueueMessage {
  /// The message that carries `job`. Its id names pass, tile and attempt, so it is the same when it is published again.
  public init(_ job: TileJob) throws {
    self.init(
      id: "\(job.pass)/\(job.tile)/\(job.attempt)", type: TileJob.type, body: try MessageCoding.encode(job))
  }

  public init(_ result: TileResult) throws {
    self.init(
      id: "\(result.pass)/\(result.tile)/\(result.attempt)/\(result.worker)", type: TileResult.type,
      body: try MessageCoding.encode(result))
  }

  public init(_ status: WorkerStatus) throws {
    self.init(
      id: "\(status.worker)/\(status.life)/\(status.number)", type: WorkerStatus.type,
      body: try MessageCoding.encode(status))
  }

  /// The message that carries `job`. Its id names training, job and attempt, so it is the same when it is published again.
  public init(_ job: TrainingJob) throws {
    self.init(
      id: "\(job.training)/\(job.job)/\(job.attempt)", type: TrainingJob.type, body: try MessageCoding.encode(job))
  }

  /// - Parameter number: counts the reports of one attempt.
  public init(_ report: TrainingReport, number: Int) throws {
    self.init(
      id: "\(report.training)/\(report.job)/\(report.attempt)/\(report.worker)/\(number)", type: TrainingReport.type,
      body: try MessageCoding.encode(report))
  }

  /// - Throws: `MessageError` when the message is of another type or version, or unreadable.
  public func trainingJob() throws -> TrainingJob {
    try MessageCoding.decode(TrainingJob.self, type: TrainingJob.type, from: self)
  }

  /// - Throws: `MessageError` when the message is of another type or version, or unreadable.
  public func trainingReport() throws -> TrainingReport {
    try MessageCoding.decode(TrainingReport.self, type: TrainingReport.type, from: self)
  }

  /// - Throws: `MessageError` when the message is of another type or version, or unreadable.
  public func tileJob() throws -> TileJob { try MessageCoding.decode(TileJob.self, type: TileJob.type, from: self) }

  /// - Throws: `MessageError` when the message is of another type or version, or unreadable.
  public func tileResult() throws -> TileResult {
    try MessageCoding.decode(TileResult.self, type: TileResult.type, from: self)
  }

  /// - Throws: `MessageError` when the message is of another type or version, or unreadable.
  public func workerStatus() throws -> WorkerStatus {
    let status = try MessageCoding.decode(WorkerStatus.self, type: WorkerStatus.type, from: self)
    guard status.isPlausible else {
      throw MessageError.unreadable(
        type: WorkerStatus.type, reason: "it counts \(status.slots) slots, \(status.busySlots) of them busy")
    }
    return status
  }
}

/// A message that this version can't read.
public enum MessageError: Error, Hashable, CustomStringConvertible {
  case unknownType(String, expected: String)
  case unreadable(type: String, reason: String)

  public var description: String {
    switch self {
    case .unknownType(let type, let expected):
      "The message is of type \(type.quotable()); this process reads \(expected)."
    case .unreadable(let type, let reason): "The message of type \(type) can't be read: \(reason)."
    }
  }
}

/// A message's body, which says by itself of which version it is.
protocol VersionedMessage: Decodable {
  var version: Int { get }
  static var knownVersion: Int { get }
}

extension VersionedMessage {
  static var knownVersion: Int { 1 }
}

extension TileJob: VersionedMessage {}
extension TileResult: VersionedMessage {}
extension WorkerStatus: VersionedMessage {}
extension TrainingJob: VersionedMessage {}
extension TrainingReport: VersionedMessage {}

enum MessageCoding {
  static func encode(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(value))
  }

  /// Members that this version doesn't know are overlooked, so a newer process may add some that an older one can do without. Whatever an
  /// older one can't do without makes a new version.
  static func decode<Value: VersionedMessage>(_: Value.Type, type: String, from message: QueueMessage) throws -> Value {
    guard message.type == type else { throw MessageError.unknownType(message.type, expected: type) }
    let value: Value
    do {
      value = try JSONDecoder().decode(Value.self, from: Data(message.body))
    } catch {
      throw MessageError.unreadable(type: type, reason: (error as? DecodingError)?.reason ?? "\(error)")
    }
    guard value.version == Value.knownVersion else {
      throw MessageError.unreadable(
        type: type, reason: "its body says version \(value.version), and this process knows \(Value.knownVersion)")
    }
    return value
  }
}

public import Foundation

/// An identifier that is a version 7 UUID, so that things sort by the time of their making (RFC 9562).
public protocol TimeOrderedIdentifier: Hashable, Sendable, Codable, CustomStringConvertible {
  var uuid: UUID { get }
  init(_ uuid: UUID)
}

extension TimeOrderedIdentifier {
  /// A new one.
  public init() { self.init(UUID.version7()) }

  /// `nil` unless `text` is a UUID.
  public init?(_ text: String) {
    guard let uuid = UUID(uuidString: text) else { return nil }
    self.init(uuid)
  }

  public init(from decoder: any Decoder) throws { self.init(try decoder.singleValueContainer().decode(UUID.self)) }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }

  public var description: String { uuid.uuidString.lowercased() }
}

/// A run's identifier.
public struct RunID: TimeOrderedIdentifier {
  public let uuid: UUID
  public init(_ uuid: UUID) { self.uuid = uuid }
}

/// A pass's identifier: one model configuration's way through a run.
public struct PassID: TimeOrderedIdentifier {
  public let uuid: UUID
  public init(_ uuid: UUID) { self.uuid = uuid }
}

/// A training's identifier.
public struct TrainingID: TimeOrderedIdentifier {
  public let uuid: UUID
  public init(_ uuid: UUID) { self.uuid = uuid }
}

extension UUID {
  /// A version 7 UUID: 48 bits of milliseconds since 1970, then 74 random bits.
  static func version7(at date: Date = Date()) -> UUID {
    let milliseconds = UInt64(max(0, date.timeIntervalSince1970 * 1000))
    var bytes = (0..<16).map { _ in UInt8.random(in: 0...255) }
    for index in 0..<6 { bytes[index] = UInt8(truncatingIfNeeded: milliseconds >> (40 - 8 * UInt64(index))) }
    bytes[6] = bytes[6] & 0x0F | 0x70
    bytes[8] = bytes[8] & 0x3F | 0x80
    return bytes.withUnsafeBytes { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
  }
}

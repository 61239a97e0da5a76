public import Foundation

/// A run's identifier: a version 7 UUID, so that runs sort by the time of their making (RFC 9562).
public struct RunID: Hashable, Sendable, Codable, CustomStringConvertible {
  public let uuid: UUID

  public init() { uuid = UUID.version7() }
  public init(_ uuid: UUID) { self.uuid = uuid }

  /// `nil` unless `text` is a UUID.
  public init?(_ text: String) {
    guard let uuid = UUID(uuidString: text) else { return nil }
    self.uuid = uuid
  }

  public init(from decoder: any Decoder) throws { uuid = try decoder.singleValueContainer().decode(UUID.self) }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }

  public var description: String { uuid.uuidString.lowercased() }
}

/// A pass's identifier: one model configuration's way through a run. A version 7 UUID.
public struct PassID: Hashable, Sendable, Codable, CustomStringConvertible {
  public let uuid: UUID

  public init() { uuid = UUID.version7() }
  public init(_ uuid: UUID) { self.uuid = uuid }

  /// `nil` unless `text` is a UUID.
  public init?(_ text: String) {
    guard let uuid = UUID(uuidString: text) else { return nil }
    self.uuid = uuid
  }

  public init(from decoder: any Decoder) throws { uuid = try decoder.singleValueContainer().decode(UUID.self) }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }

  public var description: String { uuid.uuidString.lowercased() }
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

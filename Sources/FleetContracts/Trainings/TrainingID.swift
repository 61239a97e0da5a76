public import Foundation

/// A training's identifier: a version 7 UUID, so that trainings sort by the time of their making (RFC 9562).
public struct TrainingID: Hashable, Sendable, Codable, CustomStringConvertible {
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

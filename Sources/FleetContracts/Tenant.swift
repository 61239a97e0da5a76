internal import Wording

/// For whom a run is computed: a department, a hospital, a project. Tenants share the fleet fairly, and idempotency keys are a tenant's own.
///
/// A name has 1 to 63 letters, digits, hyphens, underscores or dots of ASCII, and begins with a letter or digit: it appears in logs,
/// metrics and tables, and never names a patient.
public struct Tenant: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let name: String

  /// Whose runs are that name no tenant.
  public static let `default` = Tenant(checked: "default")

  /// - Throws: `TenantError` for a name of another form.
  public init(_ name: String) throws(TenantError) {
    let isOfForm =
      name.utf8.count <= 63 && name.utf8.first.map(Self.isAlphanumeric) == true
      && name.utf8.allSatisfy { Self.isAlphanumeric($0) || "-_.".utf8.contains($0) }
    guard isOfForm else { throw TenantError(name: name) }
    self.name = name
  }

  private init(checked name: String) { self.name = name }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: false
    }
  }

  public var description: String { name }

  public static func < (first: Tenant, second: Tenant) -> Bool { first.name < second.name }
}

extension Tenant: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    do {
      try self.init(container.decode(String.self))
    } catch let error as TenantError {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: error.description)
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(name)
  }
}

/// A tenant's name of another form.
public struct TenantError: Error, Hashable, CustomStringConvertible {
  public var name: String

  public var description: String {
    "The tenant \(name.quotable()) can't be used: a name has 1 to 63 ASCII letters, digits, hyphens, underscores or dots and begins with a letter or digit."
  }
}

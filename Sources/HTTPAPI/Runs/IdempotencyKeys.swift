internal import FleetContracts
internal import Foundation
internal import Synchronization

/// The keys by which callers make a request safe to repeat (the header `Idempotency-Key`).
///
/// A key is a tenant's own and lives as long as its run: the ledger has it. Here is only known which of them are being worked on, so that a
/// second request with the same key is told so instead of doing all the work again. With several servers that may go unnoticed, and is harmless:
/// the ledger makes one run all the same.
final class IdempotencyKeys: Sendable {
  private struct InWork: Hashable {
    var tenant: Tenant
    var key: String
  }

  private let inWork = Mutex<Set<InWork>>([])

  static let header = "Idempotency-Key"
  /// A key has 1 to 255 visible ASCII characters and spaces; a quoted text of RFC 8941 is its content.
  static let schema = JSONSchema.text(.pattern("[ -~]{1,257}"))

  /// Runs `body` while nobody else in this process works on the key.
  /// - Throws: `Problem` of kind keyInUse, and what `body` throws.
  func hold<Value>(_ key: String?, of tenant: Tenant, _ body: () async throws -> Value) async throws -> Value {
    guard let key else { return try await body() }
    let entry = InWork(tenant: tenant, key: key)
    guard inWork.withLock({ $0.insert(entry).inserted }) else {
      throw Problem(
        .keyInUse,
        "Another request with this idempotency key is being worked on; send it again when that one is answered.",
        retryAfter: 1)
    }
    defer { inWork.withLock { _ = $0.remove(entry) } }
    return try await body()
  }

  /// The key that a header's text means.
  /// - Throws: `Problem` of kind badRequest.
  static func key(_ text: String) throws -> String {
    var key = text[...]
    if key.hasPrefix("\""), key.hasSuffix("\""), key.count >= 2 { key = key.dropFirst().dropLast() }
    let trimmed = key.trimmingCharacters(in: .whitespaces)
    guard (1...255).contains(trimmed.utf8.count) else {
      throw Problem(.badRequest, "\(header) must have 1 to 255 characters.")
    }
    return trimmed
  }
}

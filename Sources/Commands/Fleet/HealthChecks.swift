internal import FleetContracts
internal import HTTPAPI
internal import PostgresLedger

/// What must be well for processes of several kinds.
enum HealthChecks {
  /// - Parameter name: unlike any other process's, so that none removes another's blob.
  static func store(_ store: any BlobStore, for name: String) -> HealthCheck {
    HealthCheck("store", every: .seconds(10)) {
      await finding("written, read and removed a blob") {
        let digest = try await store.put(Blob(copying: "readiness of \(name)".utf8))
        _ = try await store.get(digest)
        try await store.remove(digest)
      }
    }
  }

  static func ledger(_ ledger: PostgresLedger) -> HealthCheck {
    HealthCheck("ledger", every: .seconds(5)) {
      await finding("answers") { try await ledger.ping(within: .seconds(5)) }
    }
  }

  static func finding(_ good: String, _ body: () async throws -> Void) async -> HealthFinding {
    do {
      try await body()
      return .good(good)
    } catch {
      return .bad("\(error)")
    }
  }
}

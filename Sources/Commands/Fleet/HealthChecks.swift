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

  /// To be told, not to be ready for: a process works beside dead letters and broken workers.
  static func attention(_ ledger: PostgresLedger) -> HealthCheck {
    HealthCheck("attention", every: .seconds(15)) {
      guard let attention = try? await ledger.attention() else { return .good("the ledger hasn't told") }
      return .good(words(attention))
    }
  }

  static func words(_ attention: FleetAttention) -> String {
    let (letters, workers) = (attention.openDeadLetters, attention.quarantines)
    var parts: [String] = []
    if letters > 0 { parts.append("\(letters) open dead letter\(letters == 1 ? "" : "s") (tessera dlq ls --open)") }
    if workers > 0 { parts.append("\(workers) worker\(workers == 1 ? "" : "s") in quarantine (tessera quarantine ls)") }
    return parts.isEmpty ? "nothing waits for an operator" : parts.joined(separator: ", ")
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

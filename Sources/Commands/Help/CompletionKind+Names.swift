internal import ArgumentParser
internal import FleetContracts
internal import PostgresLedger

extension CompletionKind {
  /// Names of the fleet's models, where the ledger answers at once.
  static var models: CompletionKind { names { try await $0.models().map(\.name) } }

  /// The newest runs, where the ledger answers at once.
  static var runs: CompletionKind { names { try await $0.runs(limit: 50).map { "\($0.id)" } } }

  /// Nobody who presses the tabulator waits longer.
  private static let patience = Duration.milliseconds(500)

  /// A shell has no place for errors: without a ledger there is nothing to choose from.
  private static func names(_ ask: @escaping @Sendable (PostgresLedger) async throws -> [String]) -> CompletionKind {
    .custom { _, _, _ async -> [String] in
      guard let settings = try? await FleetSettings.read(),
        let ledger = try? await FleetAdapters(settings: settings, logger: FleetLogging.logger("completion"))
          .ledger(patience: patience, connections: 1)
      else { return [] }
      let names = try? await ask(ledger)
      await ledger.close()
      return names ?? []
    }
  }
}

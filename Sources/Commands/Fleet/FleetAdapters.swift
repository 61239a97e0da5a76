internal import BlobStores
internal import FleetContracts
internal import Foundation
internal import Logging
internal import PostgresLedger
internal import RabbitMQBroker

/// The real adapters that the settings name. What a process doesn't use isn't connected: workers never touch the database.
struct FleetAdapters {
  let settings: FleetSettings
  let logger: Logger

  /// - Parameters:
  ///   - patience: how long an outage of the database is waited through; a person waits less long than a service.
  ///   - connections: at most so many.
  /// - Throws: `SettingsError`, `LedgerError`.
  func ledger(patience: Duration = .seconds(10), connections: Int = 4) async throws -> PostgresLedger {
    let url = try settings.databaseURL()
    if let weakness = try DatabaseAddress(url).weakness { logger.warning("\(weakness)") }
    return try await PostgresLedger.open(url: url, connections: connections, patience: patience)
  }

  /// - Throws: `SettingsError`, `BrokerAddressError`.
  func queue(
    connectionName: String, watch: BrokerWatch? = nil, duties: RabbitMQJobQueue.Duties = .fleet
  ) throws -> RabbitMQJobQueue {
    let logger = logger
    let address = try BrokerAddress(settings.brokerURL(), files: settings.brokerFiles)
    if let weakness = address.weakness { logger.warning("\(weakness)") }
    return try RabbitMQJobQueue(
      address: address,
      settings: RabbitMQJobQueue.Settings(
        heartbeat: .seconds(settings.heartbeatSeconds), connectionName: connectionName, duties: duties)
    ) { event in
      watch?.note(event)
      switch event {
      case .connected, .unblocked: logger.info("\(event)")
      default: logger.warning("\(event)")
      }
    }
  }

  /// - Throws: `SettingsError`, `BlobStoreURLError`, `BlobStoreError`.
  func store() throws -> any BlobStore {
    try BlobStoreURL.open(settings.storeURL())
  }
}

extension FleetOptions {
  /// The adapters, for a command that a person waits for.
  /// - Throws: `SettingsError`.
  func adapters(for command: String) async throws -> FleetAdapters {
    FleetAdapters(
      settings: try await FleetSettings.read(flags: flags, file: configuration), logger: FleetLogging.logger(command))
  }
}

internal import ArgumentParser
internal import BlobStores
internal import Fleet
internal import FleetContracts
internal import RabbitMQBroker
internal import Training
internal import UNet

/// Errors at the edge of the program: one sentence on standard error and an exit code that tells a script what it was.
enum Failures {
  /// Runs a command's body.
  static func reported(_ body: () async throws -> Void) async throws {
    do {
      try await body()
    } catch let code as ExitCode {
      throw code
    } catch {
      Output.note("Error: \(error)")
      throw exitCode(of: error)
    }
  }

  static func exitCode(of error: any Error) -> ExitCode {
    switch error {
    case is SettingsError, is ValidationError, is EngineRequestError, is FaultPlanError: ExitCodes.usage
    case is BrokerAddressError, is BlobStoreURLError: ExitCodes.usage
    case LedgerError.unavailable, LedgerError.notMigrated, BlobStoreError.unavailable, JobQueueError.refused,
      is StoreReserveError:
      ExitCodes.unavailable
    case is RunFailure: ExitCodes.failed
    case is TrainingInterrupted, is CancellationError: ExitCodes.interrupted
    default: ExitCodes.data
    }
  }
}

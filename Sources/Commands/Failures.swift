internal import ArgumentParser
internal import BlobStores
internal import Fleet
internal import FleetContracts
internal import HTTPAPI
internal import ModelStore
internal import RabbitMQBroker
internal import Training
internal import UNet
internal import Webhooks

/// Errors at the edge of the program: one sentence on standard error and an exit code that tells a script what it was.
enum Failures {
  /// Runs a command's body.
  static func reported(_ body: () async throws -> Void) async throws {
    do {
      try await body()
    } catch let code as ExitCode {
      throw code
    } catch {
      Output.note("Error: \(error)\(nextStep(after: error))")
      throw exitCode(of: error)
    }
  }

  /// What helps where the error's own module doesn't know of commands.
  private static func nextStep(after error: any Error) -> String {
    switch error {
    case let error as ModelStoreError where error.code == .notFound:
      " A trained model is the folder that nnU-Net wrote (plans.pkl, and fold_0 … or all), or a zip file of `tessera model export`."
    case LedgerError.unavailable: " `tessera doctor --fleet` says what is wrong."
    default: ""
    }
  }

  static func exitCode(of error: any Error) -> ExitCode {
    switch error {
    case is SettingsError, is ValidationError, is EngineRequestError, is FaultPlanError: ExitCodes.usage
    case is BrokerAddressError, is BlobStoreURLError, is ListenAddressError, is TenantError, is WebhookAddressError:
      ExitCodes.usage
    case LedgerError.unavailable, LedgerError.notMigrated, BlobStoreError.unavailable, JobQueueError.refused,
      is StoreReserveError:
      ExitCodes.unavailable
    case is RunFailure: ExitCodes.failed
    case is TrainingInterrupted, is CancellationError: ExitCodes.interrupted
    default: ExitCodes.data
    }
  }
}

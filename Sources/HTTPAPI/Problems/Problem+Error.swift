internal import FleetContracts
internal import Hummingbird
internal import NIOCore

extension Problem {
  /// How long to wait for a server that is away, in seconds.
  static let patience = 5
  /// How long to wait for room in the store, in seconds.
  private static let roomPatience = 60

  /// What a caller is told of an error: nothing of this machine's paths, and nothing that only an operator can use.
  init(_ error: any Error) {
    switch error {
    case let problem as Problem: self = problem
    case let error as StoreReserveError:
      self.init(
        .storeFull,
        "The fleet takes no new images for the moment: \(error.free >> 20) MiB are free in its store. Try again later.",
        retryAfter: Self.roomPatience)
    case LedgerError.unavailable, LedgerError.notMigrated:
      self.init(.unavailable, "The ledger can't be reached at the moment. Try again.", retryAfter: Self.patience)
    case LedgerError.keyConflict(_, let run):
      self.init(
        .keyConflict,
        "The idempotency key belongs to run \(run), which was submitted with other images, models or options; use a new key for a new study."
      )
    case LedgerError.unknownModel(let name):
      self.init(.invalid, "No model \(name) is registered; GET /v1/models lists those that are.")
    case let error as PassRequestError: self.init(.invalid, error.description)
    case BlobStoreError.missing(let digest): self.init(.notFound, "The blob \(digest) isn't in the store any more.")
    case is BlobStoreError:
      self.init(.unavailable, "The blob store can't be used at the moment. Try again.", retryAfter: Self.patience)
    case DeadLetterError.unknown(let id): self.init(.notFound, "There is no dead letter \(id).")
    case let error as DeadLetterError: self.init(.notReplayable, error.description)
    case RunPictureError.notCompleted(_, let state):
      self.init(.noResultYet, "The run is \(state.rawValue); only a completed run has pictures.")
    case let error as RunPictureError:
      switch error {
      case .noSuchSlice: self.init(.notFound, error.description)
      case .badWindow: self.init(.invalid, error.description)
      case .notCompleted, .unusable:
        self.init(.unavailable, "The run's pictures can't be made at the moment.", retryAfter: Self.patience)
      }
    case is NIOTooManyBytesError: self.init(.tooLarge, "The body is too large for this request.")
    case let error as HTTPError where error.status == .notFound:
      self.init(.notFound, "There is nothing at this path; GET /v1/openapi.json tells what there is.")
    case let error as HTTPError where error.status == .badRequest:
      self.init(.badRequest, error.body ?? "The request can't be read.")
    default: self.init(.internalError, "The server's log tells more.")
    }
  }
}

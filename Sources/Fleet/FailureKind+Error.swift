public import FleetContracts
internal import Inference
internal import UNet

extension RunFailure {
  /// What an error of a step means for the run. Errors of the numeric side are about the input, so they are final; those of the
  /// store and the ledger pass.
  public init(_ error: any Error) {
    switch error {
    case let failure as RunFailure: self = failure
    case BlobStoreError.unavailable, is LedgerError, is JobQueueError:
      self.init(kind: .transient, reason: "\(error)")
    case BlobStoreError.corrupt, BlobStoreError.missing:
      self.init(kind: .corrupt, reason: "\(error)")
    case let error as InferenceError where error.code == .outOfMemory:
      self.init(kind: .outOfMemory, reason: "\(error)")
    case NetworkExecutionError.outOfMemory:
      self.init(kind: .outOfMemory, reason: "\(error)")
    default: self.init(kind: .invalid, reason: "\(error)")
    }
  }
}

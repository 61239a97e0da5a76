public import Digests

/// A study to be segmented, as a caller hands it in.
public struct Submission: Hashable, Sendable {
  /// The image of each channel in the model's order: a NIfTI file in the blob store.
  public var images: [Digest]
  /// The model, by digest.
  public var model: Digest
  public var options: RunOptions
  /// The caller's idempotency key, unique in the ledger: the same key with the same content answers the same run.
  public var key: String?

  public init(images: [Digest], model: Digest, options: RunOptions, key: String? = nil) {
    self.images = images
    self.model = model
    self.options = options
    self.key = key
  }
}

/// How a model is applied.
public struct RunOptions: Hashable, Sendable, Codable {
  /// Folds to average, by their names in the model's manifest (`fold_0`, `all`); empty for all of the manifest.
  public var folds: [String]
  /// Average over mirrored passes (test-time augmentation).
  public var mirroring: Bool
  /// The tiles' distance as a share of the patch, in (0, 1].
  public var stepSize: Double
  /// Keep the probabilities too, as nnU-Net's `.npz` and `.pkl`.
  public var savesProbabilities: Bool

  public init(folds: [String] = [], mirroring: Bool = true, stepSize: Double = 0.5, savesProbabilities: Bool = false) {
    self.folds = folds
    self.mirroring = mirroring
    self.stepSize = stepSize
    self.savesProbabilities = savesProbabilities
  }
}

/// The answer to a submission.
public struct SubmissionReceipt: Hashable, Sendable {
  public var run: RunID
  /// Whether this submission made the run; `false` when the key had made it before.
  public var isNew: Bool

  public init(run: RunID, isNew: Bool) {
    self.run = run
    self.isNew = isNew
  }
}

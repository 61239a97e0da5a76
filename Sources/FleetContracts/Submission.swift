public import Digests
public import Foundation

/// A study to be segmented, as a caller hands it in.
public struct Submission: Hashable, Sendable {
  /// The image of each channel in the model's order: a NIfTI file in the blob store.
  public var images: [Digest]
  /// What is to be predicted, in the order of the work: a single model, the members of an ensemble, a cascade's two stages.
  public var passes: [PassRequest]
  public var options: RunOptions
  /// The caller's idempotency key, unique for the tenant: the same key with the same content answers the same run, as it is.
  public var key: String?
  public var runClass: RunClass
  public var tenant: Tenant
  /// When the result is wanted; within a class and tenant the earliest goes first (`RunClass.due`).
  public var deadline: Date?
  /// The caller's trace, which the run belongs to. Not part of the content: a submission that is repeated keeps the first one's.
  public var trace: TraceContext?

  public init(
    images: [Digest], passes: [PassRequest], options: RunOptions, key: String? = nil, runClass: RunClass = .routine,
    tenant: Tenant = .default, deadline: Date? = nil, trace: TraceContext? = nil
  ) {
    self.images = images
    self.passes = passes
    self.options = options
    self.key = key
    self.runClass = runClass
    self.tenant = tenant
    self.deadline = deadline
    self.trace = trace
  }
}

/// How models are applied.
public struct RunOptions: Hashable, Sendable, Codable {
  /// Average over mirrored passes (test-time augmentation).
  public var mirroring: Bool
  /// The tiles' distance as a share of the patch, in (0, 1].
  public var stepSize: Double
  /// Keep the probabilities too, as nnU-Net's `.npz` and `.pkl`.
  public var savesProbabilities: Bool
  /// Which components of the finished label map are removed.
  public var postprocessing: PostprocessingChoice

  public init(
    mirroring: Bool = true, stepSize: Double = 0.5, savesProbabilities: Bool = false,
    postprocessing: PostprocessingChoice = .ofTheModel
  ) {
    self.mirroring = mirroring
    self.stepSize = stepSize
    self.savesProbabilities = savesProbabilities
    self.postprocessing = postprocessing
  }

  /// Options written before there was a choice of postprocessing had none.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    mirroring = try container.decode(Bool.self, forKey: .mirroring)
    stepSize = try container.decode(Double.self, forKey: .stepSize)
    savesProbabilities = try container.decode(Bool.self, forKey: .savesProbabilities)
    postprocessing = try container.decodeIfPresent(PostprocessingChoice.self, forKey: .postprocessing) ?? .none
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

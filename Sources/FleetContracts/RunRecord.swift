public import Digests
public import Foundation

/// The states of a run; `RunTransition.all` has the steps between them.
public enum RunState: String, Hashable, Sendable, Codable, CaseIterable {
  /// In the ledger, nobody works on it.
  case submitted
  /// A dispatcher preprocesses it.
  case preparing
  /// Its tiles are planned and being predicted.
  case predicting
  /// All tiles are in; an aggregator stitches, or will.
  case stitching
  /// A pass is done; the next one waits for a dispatcher.
  case continuing
  case completed
  case failed
  /// Nobody wants it any more; it has no result.
  case cancelled

  /// Whether a run in this state is over for good.
  public var isFinal: Bool { self == .completed || self == .failed || self == .cancelled }
}

/// A run as the ledger has it.
public struct RunRecord: Hashable, Sendable {
  public var id: RunID
  /// The last pass's model; its name joins those of all members.
  public var model: ModelRecord
  /// In the order of the work.
  public var passes: [PassRecord]
  public var images: [Digest]
  public var options: RunOptions
  public var key: String?
  public var runClass: RunClass
  public var tenant: Tenant
  /// When the result is wanted.
  public var deadline: Date?
  /// The caller's trace, or the one that was begun with the submission.
  public var trace: TraceContext?
  public var state: RunState
  public var submittedAt: Date
  public var startedAt: Date?
  public var finishedAt: Date?
  /// Tiles of all passes; 0 until planned.
  public var plannedTiles: Int
  public var acceptedTiles: Int
  public var deadTiles: Int
  public var failure: RunFailure?
  public var outcome: RunOutcome?

  public init(
    id: RunID, model: ModelRecord, passes: [PassRecord], images: [Digest], options: RunOptions, key: String?,
    state: RunState,
    submittedAt: Date, startedAt: Date? = nil, finishedAt: Date? = nil, plannedTiles: Int = 0, acceptedTiles: Int = 0,
    deadTiles: Int = 0, failure: RunFailure? = nil, outcome: RunOutcome? = nil, runClass: RunClass = .routine,
    tenant: Tenant = .default, deadline: Date? = nil, trace: TraceContext? = nil
  ) {
    self.id = id
    self.model = model
    self.passes = passes
    self.images = images
    self.options = options
    self.key = key
    self.runClass = runClass
    self.tenant = tenant
    self.deadline = deadline
    self.trace = trace
    self.state = state
    self.submittedAt = submittedAt
    self.startedAt = startedAt
    self.finishedAt = finishedAt
    self.plannedTiles = plannedTiles
    self.acceptedTiles = acceptedTiles
    self.deadTiles = deadTiles
    self.failure = failure
    self.outcome = outcome
  }

  /// The pass in work: the first that isn't done.
  public var position: Int { min(passes.prefix { $0.outcome != nil }.count, passes.count - 1) }
}

/// Why a run ended without a result: one sentence without patient data.
public struct RunFailure: Hashable, Sendable, Codable, Error {
  public var kind: FailureKind
  public var reason: String

  public init(kind: FailureKind, reason: String) {
    self.kind = kind
    self.reason = reason
  }
}

/// What a run has found, and how.
public struct RunOutcome: Hashable, Sendable, Codable {
  /// The label map as `.nii.gz`, in the store.
  public var labelMap: Digest
  /// SHA-256 of the label map's voxels, uint8 `[z, y, x]`: equal for any number of workers, in local and fleet mode.
  public var labelVoxels: Digest
  /// nnU-Net's `.npz` and `.pkl`, where asked for.
  public var probabilities: Digest?
  public var properties: Digest?
  /// Voxels and volume of each label but the background, also of those that are absent (0).
  public var labels: [LabelMeasurement]
  /// What else was measured of the same labels. Records that a ledger returns leave it out: see `LabelDetailReading`.
  public var details: [LabelDetails] = []
  /// Seconds by step, in the order of the steps.
  public var timings: [StepTiming]
  /// Engine and instruction set that predicted the tiles, such as `winograd/avx512`; several are joined by commas.
  public var engine: String
  public var softwareVersion: String

  public init(
    labelMap: Digest, labelVoxels: Digest, probabilities: Digest? = nil, properties: Digest? = nil,
    labels: [LabelMeasurement], details: [LabelDetails] = [], timings: [StepTiming], engine: String,
    softwareVersion: String
  ) {
    self.labelMap = labelMap
    self.labelVoxels = labelVoxels
    self.probabilities = probabilities
    self.properties = properties
    self.labels = labels
    self.details = details
    self.timings = timings
    self.engine = engine
    self.softwareVersion = softwareVersion
  }

  /// As a ledger returns it.
  public var withoutDetails: RunOutcome {
    var outcome = self
    outcome.details = []
    return outcome
  }
}

public struct LabelMeasurement: Hashable, Sendable, Codable {
  public var label: Int
  public var name: String
  public var voxels: Int
  /// In millilitres.
  public var volume: Double

  public init(label: Int, name: String, voxels: Int, volume: Double) {
    self.label = label
    self.name = name
    self.voxels = voxels
    self.volume = volume
  }
}

public struct StepTiming: Hashable, Sendable, Codable {
  /// `read`, `preprocess`, `predict`, `stitch`, `export` …
  public var step: String
  public var seconds: Double
  /// The pass that the step was part of, by its position; the run's own steps belong to its last pass.
  public var pass: Int

  public init(step: String, seconds: Double, pass: Int = 0) {
    self.step = step
    self.seconds = seconds
    self.pass = pass
  }
}

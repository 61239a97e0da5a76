internal import Digests
internal import Fleet
internal import FleetContracts
internal import Foundation
internal import Inference

/// What `tessera predict` says of a case: `CASE.json`, and `--json`. Keys are written in snake case.
struct CaseReport: Encodable {
  struct Label: Encodable {
    var label: Int
    var name: String
    var voxels: Int
    var volumeMl: Double
    var statistics: LabelStatisticsReport?
  }

  struct Input: Encodable {
    var file: String
    var sha256: Digest
  }

  struct Model: Encodable {
    /// Share in the mean of probabilities; 0 for a cascade's first stage that only serves the second.
    var weight: Double
    /// SHA-256 of the manifest: the list of the model's files with their digests.
    var sha256: Digest
    var configuration: String
    var trainer: String
    var folds: [String]
    /// What computed it, such as `winograd/avx512`, and why.
    var engine: String?
    var engineReason: String?
  }

  struct Timing: Encodable {
    /// Place of the model in `models`.
    var pass: Int
    var step: String
    var seconds: Double
  }

  var name: String
  var labels: [Label]
  /// SHA-256 of the label map's voxels, uint8 `[z, y, x]`.
  var labelSha256: Digest
  /// In the order of the work.
  var models: [Model]
  var inputs: [Input]
  var mirroring: Bool
  var stepSize: Double
  /// `model`, `none`, or SHA-256 of the rules.
  var postprocessing: PostprocessingChoice
  var tiles: Int
  var timings: [Timing]
  /// Engine and instruction set, such as `winograd/avx512`; different ones of several models are joined by commas.
  var engine: String
  var threads: Int
  /// The most memory that the process has had in use so far, in bytes, mapped files included.
  var peakMemoryBytes: Int
  var softwareVersion: String
  var finishedAt: Date

  /// - Parameter models: all that took part, with what computed them.
  init(
    case input: InputCase, models: [(record: ModelRecord, engine: ChosenEngine?)], run: RunRecord, outcome: RunOutcome,
    threads: Int
  ) {
    name = input.name
    labels = outcome.labels.map { label in
      Label(
        label: label.label, name: label.name, voxels: label.voxels, volumeMl: label.volume,
        statistics: outcome.details.first { $0.label == label.label }.map(LabelStatisticsReport.init))
    }
    labelSha256 = outcome.labelVoxels
    self.models = run.passes.compactMap { pass in
      models.first { $0.record.digest == pass.request.model }.map { record, engine in
        Model(
          weight: pass.request.weight, sha256: record.digest, configuration: record.configuration,
          trainer: record.trainer,
          folds: pass.request.folds, engine: engine?.engine, engineReason: engine?.reason)
      }
    }
    inputs = zip(input.channels, run.images).map { Input(file: $0.lastPathComponent, sha256: $1) }
    mirroring = run.options.mirroring
    stepSize = run.options.stepSize
    postprocessing = run.options.postprocessing
    tiles = run.plannedTiles
    timings = outcome.timings.map { Timing(pass: $0.pass, step: $0.step, seconds: $0.seconds) }
    engine = outcome.engine
    self.threads = threads
    peakMemoryBytes = PeakMemory.bytes
    softwareVersion = outcome.softwareVersion
    finishedAt = run.finishedAt ?? Date()
  }
}

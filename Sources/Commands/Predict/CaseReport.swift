internal import Digests
internal import FleetContracts
internal import Foundation

/// What `tessera predict` says of a case: `CASE.json`, and `--json`. Keys are written in snake case.
struct CaseReport: Encodable {
  struct Label: Encodable {
    var label: Int
    var name: String
    var voxels: Int
    var volumeMl: Double
  }

  struct Input: Encodable {
    var file: String
    var sha256: Digest
  }

  struct Model: Encodable {
    /// SHA-256 of the manifest: the list of the model's files with their digests.
    var sha256: Digest
    var configuration: String
    var trainer: String
    var folds: [String]
  }

  struct Timing: Encodable {
    var step: String
    var seconds: Double
  }

  var name: String
  var labels: [Label]
  /// SHA-256 of the label map's voxels, uint8 `[z, y, x]`.
  var labelSha256: Digest
  var model: Model
  var inputs: [Input]
  var mirroring: Bool
  var stepSize: Double
  var tiles: Int
  var timings: [Timing]
  /// Engine and instruction set, such as `blas/avx512`.
  var engine: String
  var threads: Int
  var softwareVersion: String
  var finishedAt: Date

  init(case input: InputCase, model: ModelRecord, folds: [String], run: RunRecord, outcome: RunOutcome, threads: Int) {
    name = input.name
    labels = outcome.labels.map { Label(label: $0.label, name: $0.name, voxels: $0.voxels, volumeMl: $0.volume) }
    labelSha256 = outcome.labelVoxels
    self.model = Model(sha256: model.digest, configuration: model.configuration, trainer: model.trainer, folds: folds)
    inputs = zip(input.channels, run.images).map { Input(file: $0.lastPathComponent, sha256: $1) }
    mirroring = run.options.mirroring
    stepSize = run.options.stepSize
    tiles = run.plannedTiles
    timings = outcome.timings.map { Timing(step: $0.step, seconds: $0.seconds) }
    engine = outcome.engine
    self.threads = threads
    softwareVersion = outcome.softwareVersion
    finishedAt = run.finishedAt ?? Date()
  }
}

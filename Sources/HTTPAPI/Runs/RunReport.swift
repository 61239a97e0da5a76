internal import Digests
internal import FleetContracts

/// What a completed run has found, and from what: never changes.
struct RunReport: Described {
  var run: RunRecord
  var outcome: RunOutcome

  static var fields: [Field<RunReport>] {
    [
      Field("run", "The run's identifier.") { $0.run.id },
      Field("tenant", "For whom it was.") { $0.run.tenant },
      Field("model", "The model's name; an ensemble's are joined by ' + '.") { $0.run.model.name },
      Field("passes", "The models in the order of the work.") { report in report.run.passes.map(\.request) },
      Field("inputs", "SHA-256 of the image of each channel.") { $0.run.images },
      Field("mirroring", "Whether mirrored passes were averaged.") { $0.run.options.mirroring },
      Field("step_size", "The tiles' distance as a share of the patch.") { $0.run.options.stepSize },
      Field("tiles", "Tiles of all passes.") { $0.run.plannedTiles },
      Field("submitted_at", "When it was submitted.") { $0.run.submittedAt },
      Field(optional: "started_at", "When work on it began.") { $0.run.startedAt },
      Field(optional: "finished_at", "When it was completed.") { $0.run.finishedAt },
      Field("outcome", "What was found.") { $0.outcome },
    ]
  }
}

extension PassRequest: Described {
  static var schemaName: String { "Pass" }
  static var fields: [Field<PassRequest>] {
    [
      Field("model_sha256", "SHA-256 of the model's manifest.") { $0.model },
      Field("folds", "Folds that were averaged; empty for all of the manifest.") { $0.folds },
      Field("weight", "Its share in the mean; 0 for a pass that only served a later one.") { $0.weight },
    ]
  }
}

internal import Digests
internal import FleetContracts
internal import Foundation

/// A run as the API shows it.
struct RunAnswer: Described {
  var run: RunRecord
  var queue: QueuePlace?

  static var schemaName: String { "Run" }
  static var fields: [Field<RunAnswer>] {
    [
      Field("run", "The run's identifier.") { $0.run.id },
      Field("state", "How far it has come.") { $0.run.state },
      Field(optional: "queue", "Where it stands, of a run that isn't over; null in lists.") { $0.queue },
      Field("model", "The model's name; an ensemble's are joined by ' + '.") { $0.run.model.name },
      Field("model_sha256", "SHA-256 of the last model's manifest.") { $0.run.model.digest },
      Field("inputs", "SHA-256 of the image of each channel.") { $0.run.images },
      Field(optional: "key", "The caller's idempotency key.") { $0.run.key },
      Field("class", "How urgent it is.") { $0.run.runClass },
      Field("tenant", "For whom it is.") { $0.run.tenant },
      Field(optional: "deadline", "When the result is wanted.") { $0.run.deadline },
      Field("submitted_at", "When it was submitted.") { $0.run.submittedAt },
      Field(optional: "started_at", "When work on it began.") { $0.run.startedAt },
      Field(optional: "finished_at", "When it was completed, failed, or was cancelled.") { $0.run.finishedAt },
      Field("planned_tiles", "Tiles of all passes; 0 until they are planned.") { $0.run.plannedTiles },
      Field("accepted_tiles", "Tiles that have a result.") { $0.run.acceptedTiles },
      Field("dead_tiles", "Tiles whose attempts are used up.") { $0.run.deadTiles },
      Field(optional: "failure", "Why it failed.") { $0.run.failure },
      Field(optional: "outcome", "What was found, of a completed run.") { $0.run.outcome },
      Field(optional: "trace_id", "The trace that it belongs to, by W3C's Trace Context.") { $0.run.trace?.traceID },
    ]
  }
}

/// Where a run stands.
struct QueuePlace: Described {
  var forecast: QueueForecast
  var now: Date

  init(_ forecast: QueueForecast, now: Date = Date()) {
    self.forecast = forecast
    self.now = now
  }

  static var fields: [Field<QueuePlace>] {
    [
      Field("position", "Its place among the runs that aren't over, by their expected ends, from 1.") {
        $0.forecast.position
      },
      Field("runs", "How many runs aren't over.") { $0.forecast.runs },
      Field(optional: "expected_at", "Half of all such runs are done by this time.") { place in
        place.forecast.median.map(place.now.addingTimeInterval)
      },
      Field(optional: "expected_at_the_latest", "Nine of ten such runs are done by this time.") { place in
        place.forecast.ninetieth.map(place.now.addingTimeInterval)
      },
      Field(
        optional: "reason", "Why no end can be foretold.", schema: .words(["noWorkers", "paused"])
      ) { $0.forecast.reason?.rawValue },
    ]
  }
}

struct RunPage: Described {
  var runs: [RunAnswer]
  var next: RunID?

  static var fields: [Field<RunPage>] {
    [
      Field("runs", "The newest first.") { $0.runs },
      Field(optional: "next", "The cursor of the next page; null on the last.") { $0.next },
    ]
  }
}

struct RunEnd: Described {
  var run: RunID
  var state: RunState

  static var fields: [Field<RunEnd>] {
    [Field("run", "The run's identifier.") { $0.run }, Field("state", "Its state from now on.") { $0.state }]
  }
}

extension RunFailure: Described {
  static var fields: [Field<RunFailure>] {
    [Field("kind", "What kind of failure it was.") { $0.kind }, Field("reason", "Why, as a sentence.") { $0.reason }]
  }
}

extension RunOutcome: Described {
  static var fields: [Field<RunOutcome>] {
    [
      Field("label_map_sha256", "SHA-256 of the label map's file (.nii.gz).") { $0.labelMap },
      Field("label_voxels_sha256", "SHA-256 of its voxels, uint8 [z, y, x]: the same for any number of workers.") {
        $0.labelVoxels
      },
      Field(optional: "probabilities_sha256", "SHA-256 of nnU-Net's .npz, where asked for.") { $0.probabilities },
      Field(optional: "properties_sha256", "SHA-256 of nnU-Net's .pkl, where asked for.") { $0.properties },
      Field("labels", "Each label but the background, also those that are absent.") { $0.labels },
      Field("timings", "Seconds by step, in the order of the steps.") { $0.timings },
      Field("engine", "Engine and instruction set that predicted the tiles.") { $0.engine },
      Field("software_version", "The version of Tessera that completed it.") { $0.softwareVersion },
    ]
  }
}

extension LabelMeasurement: Described {
  static var fields: [Field<LabelMeasurement>] {
    [
      Field("label", "The value in the label map.") { $0.label },
      Field("name", "What it is called.") { $0.name },
      Field("voxels", "How many voxels have it.") { $0.voxels },
      Field("volume_ml", "Their volume in millilitres.") { $0.volume },
    ]
  }
}

extension StepTiming: Described {
  static var fields: [Field<StepTiming>] {
    [
      Field("step", "Such as preprocess, predict, stitch, export.") { $0.step },
      Field("seconds", "How long it took.") { $0.seconds },
      Field("pass", "The pass that it was part of, from 0.") { $0.pass },
    ]
  }
}

internal import Digests
internal import FleetContracts
internal import Foundation

/// How runs are shown.
enum RunRendering {
  /// A run as `--json` prints it; keys in snake case.
  private struct RunReport: Encodable {
    struct Label: Encodable {
      var label: Int
      var name: String
      var voxels: Int
      var volumeMl: Double
    }

    /// Times from now are added by whoever reads; these are points in time.
    struct Queue: Encodable {
      var position: Int
      var runs: Int
      var expectedAt: Date?
      var expectedAtTheLatest: Date?
      var reason: QueueForecast.Reason?
    }

    var run: String
    var state: String
    /// Of a run that isn't over.
    var queue: Queue?
    var model: String
    var modelSha256: Digest
    var passes: [PassRequest]
    var inputs: [Digest]
    var key: String?
    var `class`: RunClass
    var tenant: Tenant
    var deadline: Date?
    var submittedAt: Date
    var finishedAt: Date?
    var plannedTiles: Int
    var acceptedTiles: Int
    var deadTiles: Int
    var failure: String?
    var labelSha256: Digest?
    var labelMap: Digest?
    var labels: [Label]?
    var timings: [StepTiming]?
    var engine: String?
    var traceId: String?

    init(_ run: RunRecord, _ forecast: QueueForecast? = nil, now: Date = Date()) {
      queue = forecast.map {
        Queue(
          position: $0.position, runs: $0.runs, expectedAt: $0.median.map(now.addingTimeInterval),
          expectedAtTheLatest: $0.ninetieth.map(now.addingTimeInterval), reason: $0.reason)
      }
      self.run = run.id.description
      state = run.state.rawValue
      model = run.model.name
      modelSha256 = run.model.digest
      passes = run.passes.map(\.request)
      inputs = run.images
      key = run.key
      `class` = run.runClass
      tenant = run.tenant
      deadline = run.deadline
      submittedAt = run.submittedAt
      finishedAt = run.finishedAt
      plannedTiles = run.plannedTiles
      acceptedTiles = run.acceptedTiles
      deadTiles = run.deadTiles
      failure = run.failure?.reason
      labelSha256 = run.outcome?.labelVoxels
      labelMap = run.outcome?.labelMap
      labels = run.outcome?.labels.map { Label(label: $0.label, name: $0.name, voxels: $0.voxels, volumeMl: $0.volume) }
      timings = run.outcome?.timings
      engine = run.outcome?.engine
      traceId = run.trace?.traceID
    }
  }

  static func print(_ run: RunRecord, forecast: QueueForecast? = nil, json: Bool) throws {
    if json { return try Output.json(RunReport(run, forecast)) }
    Output.line("run      \(run.id)")
    Output.line("model    \(run.model.name) (\(run.model.configuration))")
    Output.line("state    \(run.state.rawValue)\(run.failure.map { ": \($0.reason)" } ?? "")")
    let wanted = run.deadline.map { ", wanted by \($0.formatted(.iso8601))" } ?? ""
    Output.line("class    \(run.runClass.rawValue), tenant \(run.tenant)\(wanted)")
    if run.passes.count > 1 { Output.line("model    \(run.position + 1) of \(run.passes.count) in work") }
    Output.line("tiles    \(run.acceptedTiles) of \(run.plannedTiles)")
    if let forecast { Output.line("queue    \(words(forecast))") }
    if let trace = run.trace { Output.line("trace    \(trace.traceID)") }
    guard let outcome = run.outcome else { return }
    Output.line("engine   \(outcome.engine)")
    Output.line("label map  blob \(outcome.labelMap)")
    Output.line("SHA-256 of the label voxels  \(outcome.labelVoxels)")
    Output.line("")
    Output.line(labelTable(outcome.labels))
  }

  static func print(list runs: [RunRecord], json: Bool) throws {
    if json { return try Output.json(runs.map { RunReport($0) }) }
    guard !runs.isEmpty else { return Output.line("No runs yet.") }
    var table = TextTable([
      ("run", .left), ("class", .left), ("tenant", .left), ("model", .left), ("state", .left), ("tiles", .right),
      ("submitted", .left),
    ])
    for run in runs {
      table.add([
        run.id.description, run.runClass.rawValue, run.tenant.name, run.model.name, run.state.rawValue,
        "\(run.acceptedTiles)/\(run.plannedTiles)", run.submittedAt.formatted(.iso8601),
      ])
    }
    Output.line(table.rendered())
  }

  /// The place and the expected end.
  static func words(_ forecast: QueueForecast) -> String {
    let place = "place \(forecast.position) of \(forecast.runs)"
    switch (forecast.reason, forecast.median, forecast.ninetieth) {
    case (.noWorkers, _, _): return "\(place); no end can be foretold, as no worker runs"
    case (.paused, _, _): return "paused; `tessera pause --list` shows why"
    case (nil, let median?, let ninetieth?):
      return "\(place), done in \(Formats.seconds(median)), in nine of ten cases within \(Formats.seconds(ninetieth))"
    default: return place
    }
  }

  static func labelTable(_ labels: [LabelMeasurement]) -> String {
    var table = TextTable([("label", .right), ("name", .left), ("voxels", .right), ("mL", .right)])
    for label in labels {
      table.add(["\(label.label)", label.name, "\(label.voxels)", Formats.number(label.volume, digits: 2)])
    }
    return table.rendered()
  }
}

internal import Digests
internal import FleetContracts
internal import Foundation
internal import PostgresLedger

/// A simulated fleet under load: starts its processes, keeps them supplied with runs, and looks at them once a second.
struct FleetBenchmark {
  let settings: FleetSettings
  let workers: Int
  let processes: Int
  let tileSeconds: Double
  let tiles: Int
  let seconds: Int

  /// - Throws: `InputError` when the ledger has runs of others, or a process doesn't live; errors of the adapters.
  func run() async throws -> FleetBenchmarkReport {
    let ledger = try await PostgresLedger.open(url: settings.databaseURL(), patience: .seconds(30))
    guard try await ledger.runs(limit: 1).isEmpty else {
      await ledger.close()
      throw InputError(
        "The ledger has runs already, and a benchmark would stand in their way; give it servers of its own (Compose/servers start DIR)."
      )
    }
    let children = try start()
    defer { for child in children { child.end() } }
    do {
      let report = try await measure(ledger, children)
      await ledger.close()
      return report
    } catch {
      await ledger.close()
      throw error
    }
  }

  private func start() throws -> [SimulatedProcess] {
    let address = ["TESSERA_AMQP_URL": try settings.brokerURL(), "TESSERA_DATABASE_URL": try settings.databaseURL()]
    var children = [
      try SimulatedProcess("dispatcher", ["--tiles", "\(tiles)"], address),
      try SimulatedProcess("aggregator", [], address),
    ]
    for index in 0..<processes {
      let count = workers / processes + (index < workers % processes ? 1 : 0)
      children.append(
        try SimulatedProcess(
          "workers", ["--count", "\(count)", "--tile-seconds", "\(tileSeconds)", "--first", "\(index * 10_000)"],
          ["TESSERA_AMQP_URL": try settings.brokerURL()]))
    }
    return children
  }

  private func measure(_ ledger: PostgresLedger, _ children: [SimulatedProcess]) async throws -> FleetBenchmarkReport {
    let model = ModelRecord(
      name: "simulated", digest: Digest(of: "simulated".utf8), configuration: "3d_fullres", trainer: "nnUNetTrainerV2",
      channels: 1, labels: [LabelName(label: 1, name: "one")])
    try await ledger.register(model)
    var progress = SimulatedProgress(tiles: tiles)
    var report = FleetBenchmarkReport(workers: workers, processes: processes, tileSeconds: tileSeconds)
    var end: ContinuousClock.Instant?
    let patience = ContinuousClock.now + .seconds(60)
    while end.map({ ContinuousClock.now < $0 }) ?? true {
      // Twice what the workers and their queue hold, so that nobody waits for the next run.
      while progress.outstanding < 6 * workers {
        let submission = Submission(
          images: [Digest(of: "image \(progress.submitted)".utf8)], passes: [PassRequest(model: model.digest)],
          options: RunOptions())
        progress.submitted(try await ledger.submit(submission).run)
      }
      try await Task.sleep(for: .seconds(1))
      try await progress.look(at: ledger)
      if let dead = children.first(where: { !$0.isRunning }) {
        throw InputError("The simulated \(dead.role) has ended; it said last: \(dead.lastWords)")
      }
      if end == nil, progress.accepted > 0 { end = ContinuousClock.now + .seconds(seconds) }
      if end == nil, ContinuousClock.now > patience {
        throw InputError("No tile came within 60 s; the dispatcher said last: \(children[0].lastWords)")
      }
      if end != nil { report.add(accepted: progress.accepted, at: .now, children) }
    }
    return report
  }
}

/// Runs on their way, and the tiles that have come.
private struct SimulatedProgress {
  let tiles: Int
  private(set) var submitted = 0
  private(set) var accepted = 0
  private var open: Set<RunID> = []
  private var finished = 0

  init(tiles: Int) { self.tiles = tiles }

  var outstanding: Int { submitted * tiles - accepted }

  mutating func submitted(_ run: RunID) {
    submitted += 1
    open.insert(run)
  }

  mutating func look(at ledger: PostgresLedger) async throws {
    var inWork = 0
    for id in open {
      guard let run = try await ledger.run(id) else { continue }
      if let failure = run.failure { throw InputError("A simulated run has failed: \(failure.reason)") }
      if run.state == .completed {
        open.remove(id)
        finished += 1
      } else {
        inWork += run.acceptedTiles
      }
    }
    accepted = finished * tiles + inWork
  }
}

internal import ArgumentParser
internal import FleetContracts
internal import Foundation

/// `tessera workers`
struct WorkersCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "workers", abstract: "Lists the fleet's workers, what they do, and when they were last heard of.",
    discussion: """
      Those that have stopped or fallen silent are listed for an hour; --all lists the last 30 days. A worker that wasn't heard of for 60 s and
      hasn't said farewell is lost.

        tessera workers
        tessera workers --all --json
      """)

  @Flag(help: "List those too that are long gone.")
  var all = false

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

  /// Seconds for which a worker that is gone is listed.
  static let remembered: TimeInterval = 3600

  func run() async throws {
    try await Failures.reported {
      let ledger = try await fleet.adapters(for: "workers").ledger()
      let now = Date()
      let workers = try await ledger.workers().filter {
        all || $0.isPresent || now.timeIntervalSince($0.seenAt) < Self.remembered
      }
      if json { return try Output.json(workers.map(Report.init)) }
      guard !workers.isEmpty else { return Output.line("No workers; `tessera worker` starts one.") }
      Output.line(Self.table(workers, now: now))
    }
  }

  static func table(_ workers: [WorkerRecord], now: Date) -> String {
    var table = TextTable([
      ("worker", .left), ("state", .left), ("slots", .right), ("busy", .right), ("tiles", .right), ("s/tile", .right),
      ("memory", .right), ("engine", .left), ("seen", .right),
    ])
    for worker in workers {
      let status = worker.status
      table.add([
        status.worker, worker.isLost ? "lost" : status.state.rawValue, "\(status.slots)", "\(status.busySlots)",
        "\(status.tiles)", status.tileSeconds.map { Formats.number($0, digits: 2) } ?? "-",
        status.memory.map(Formats.bytes) ?? "-", status.engine ?? "-",
        "\(Formats.seconds(max(0, now.timeIntervalSince(worker.seenAt)))) ago",
      ])
    }
    return table.rendered()
  }

  /// A worker as `--json` prints it.
  struct Report: Encodable {
    var worker: String
    var host: String
    var state: String
    var slots: Int
    var busySlots: Int
    var tiles: Int
    var tileSecondsP50: Double?
    var engine: String?
    var softwareVersion: String
    var memoryBytes: Int?
    var memoryLimitBytes: Int?
    var startedAt: Date
    var seenAt: Date

    init(_ record: WorkerRecord) {
      let status = record.status
      worker = status.worker
      host = status.host
      state = record.isLost ? "lost" : status.state.rawValue
      slots = status.slots
      busySlots = status.busySlots
      tiles = status.tiles
      tileSecondsP50 = status.tileSeconds
      engine = status.engine
      softwareVersion = status.softwareVersion
      memoryBytes = status.memory
      memoryLimitBytes = status.memoryLimit
      startedAt = record.startedAt
      seenAt = record.seenAt
    }
  }
}

internal import ArgumentParser
internal import FleetContracts
internal import Foundation

/// `tessera quarantine`
struct QuarantineCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quarantine",
    abstract: "Shows and releases workers whose results are wrong.",
    discussion: """
      A worker is quarantined when others with the same engine agree in a result that differs from its own, when it contradicts itself, or when
      several of its tiles were no probabilities. It takes no jobs, none of its results is taken, and what it has computed of runs that
      aren't over is computed again. Check the machine's memory and processor before you release it.

        tessera quarantine ls
        tessera quarantine add node-7-4711 --reason "its memory reports errors"
        tessera quarantine release node-7-4711
      """,
    subcommands: [QuarantineListCommand.self, QuarantineAddCommand.self, QuarantineReleaseCommand.self])
}

/// `tessera quarantine ls`
struct QuarantineListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ls", abstract: "Lists workers in quarantine, the newest first.",
    discussion: """
        tessera quarantine ls --all
      """)

  @Flag(help: "List those that were released, too.")
  var all = false

  @Option(help: "How many to list.")
  var limit = 100

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

  private struct Report: Encodable {
    var worker: String
    var reason: String
    var at: Date
    var releasedAt: Date?
    var releasedBy: String?
  }

  func run() async throws {
    try await Failures.reported {
      let ledger = try await fleet.adapters(for: "quarantine").ledger()
      let quarantines = try await ledger.quarantines(onlyInForce: !all, limit: limit)
      if json {
        return try Output.json(
          quarantines.map {
            Report(
              worker: $0.worker, reason: $0.reason, at: $0.at, releasedAt: $0.releasedAt, releasedBy: $0.releasedBy)
          })
      }
      guard !quarantines.isEmpty else { return Output.line("No worker is in quarantine.") }
      var table = TextTable([("worker", .left), ("since", .left), ("released", .left), ("reason", .left)])
      for quarantine in quarantines {
        let released = quarantine.releasedAt.map { "\($0.formatted(.iso8601)) by \(quarantine.releasedBy ?? "")" }
        table.add([quarantine.worker, quarantine.at.formatted(.iso8601), released ?? "no", quarantine.reason])
      }
      Output.line(table.rendered())
    }
  }
}

/// `tessera quarantine add`
struct QuarantineAddCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Takes no more results of a worker.",
    discussion: """
        tessera quarantine add node-7-4711 --reason "its memory reports errors"
      """)

  @Argument(help: "The worker process, as logs and `tessera quarantine ls` call it.")
  var worker: String

  @Option(help: "Why, as a sentence.")
  var reason: String

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

  private struct Report: Encodable {
    var worker: String
    /// Whether it wasn't in quarantine before.
    var isNew: Bool
  }

  func run() async throws {
    try await Failures.reported {
      let ledger = try await fleet.adapters(for: "quarantine").ledger()
      // An aggregator tells the worker.
      let isNew = try await ledger.quarantine(worker, reason: reason)
      if json { return try Output.json(Report(worker: worker, isNew: isNew)) }
      Output.line(isNew ? "worker \(worker) is quarantined" : "worker \(worker) was quarantined before")
    }
  }
}

/// `tessera quarantine release`
struct QuarantineReleaseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "release", abstract: "Lets workers take jobs again.",
    discussion: """
        tessera quarantine release node-7-4711
      """)

  @Argument(help: ArgumentHelp("The worker processes, as `tessera quarantine ls` prints them.", valueName: "worker"))
  var workers: [String]

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

  private struct Report: Encodable {
    var worker: String
    /// `false` for one that wasn't in quarantine.
    var isReleased: Bool
  }

  func run() async throws {
    try await Failures.reported {
      let adapters = try await fleet.adapters(for: "quarantine")
      let ledger = try await adapters.ledger()
      var reports: [Report] = []
      for worker in workers {
        let isReleased = try await ledger.release(worker, by: DlqCommand.user)
        reports.append(Report(worker: worker, isReleased: isReleased))
        if !isReleased {
          Output.note("The worker \(worker) isn't quarantined; `tessera quarantine ls` shows those that are.")
        } else if !json {
          Output.line("worker \(worker) is released")
        }
      }
      if json { try Output.json(reports) }
      await adapters.announce(workers.map { .released(worker: $0) })
      if reports.contains(where: { !$0.isReleased }) { throw ExitCodes.data }
    }
  }
}

internal import ArgumentParser
internal import Fleet
internal import FleetSimulation
internal import Foundation
internal import Logging
internal import ServiceLifecycle

/// `tessera bench fleet-role`: a process of `bench fleet`, which starts it.
struct BenchFleetRoleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fleet-role", abstract: "A process of a simulated fleet; started by bench fleet.", shouldDisplay: false
  )

  enum Role: String, ExpressibleByArgument, CaseIterable { case dispatcher, aggregator, workers }

  @Argument var role: Role
  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions
  @Option(help: "Tiles of each run.") var tiles = 200
  @Option(help: "Workers of this process.") var count = 1
  @Option(help: "The number of the first worker.") var first = 0
  @Option(help: "Seconds of a tile.") var tileSeconds = 1.0

  func run() async throws {
    try await Failures.reported {
      let settings = try await FleetSettings.read(flags: fleet.flags, file: fleet.configuration)
      var logger = FleetLogging.role("simulated-\(role.rawValue)", format: settings.logFormat)
      logger.logLevel = .warning
      try await serve(FleetAdapters(settings: settings, logger: logger), logger)
    }
  }

  private func serve(_ adapters: FleetAdapters, _ logger: Logger) async throws {
    let name = "simulated-\(role.rawValue)-\(ProcessInfo.processInfo.processIdentifier)"
    let service = ServiceSettings(owner: name)
    switch role {
    case .dispatcher:
      let ledger = try await adapters.ledger(patience: .seconds(60))
      try await run(
        [
          DispatcherService(
            ledger: ledger, queue: try adapters.queue(connectionName: name), preparer: SimulatedPreparer(tiles: tiles),
            settings: service, logger: logger)
        ], logger)
    case .aggregator:
      let ledger = try await adapters.ledger(patience: .seconds(60))
      try await run(
        [
          AggregatorService(
            ledger: ledger, queue: try adapters.queue(connectionName: name), stitcher: SimulatedStitcher(),
            settings: service, logger: logger)
        ], logger)
    case .workers:
      let workers = try (first..<first + count).map { number in
        let name = "simulated-\(number)"
        return WorkerService(
          queue: try adapters.queue(connectionName: name), slots: [SimulatedPredictor(seconds: tileSeconds)],
          name: name, logger: logger)
      }
      try await run(workers, logger)
    }
  }

  private func run(_ services: [any Service], _ logger: Logger) async throws {
    var configuration = ServiceGroupConfiguration(services: services, logger: logger)
    configuration.gracefulShutdownSignals = [.sigterm]
    configuration.maximumGracefulShutdownDuration = .seconds(5)
    try await ServiceGroup(configuration: configuration).run()
  }
}

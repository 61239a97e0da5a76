internal import ArgumentParser

/// `tessera bench fleet`
struct BenchFleetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fleet",
    abstract: "Measures what broker, ledger, dispatcher and aggregator carry, with workers that only wait.",
    discussion: """
      The messages, transactions and processes are those of a real fleet; only images and networks are missing. It wants a ledger
      without runs, so give it servers of its own:

        servers=$(mktemp -d); eval "$(Compose/servers start $servers)"; tessera migrate up
        tessera bench fleet --simulated-workers 1000 --tile-seconds 1 --seconds 60
        Compose/servers stop $servers
      """)

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

  @Option(help: ArgumentHelp("Workers, each with a slot and a connection to the broker of its own.", valueName: "n"))
  var simulatedWorkers = 100

  @Option(help: ArgumentHelp("Processes that the workers are spread over.", valueName: "n"))
  var processes = 4

  @Option(help: ArgumentHelp("What a tile takes on average.", valueName: "s"))
  var tileSeconds = 1.0

  @Option(help: ArgumentHelp("Tiles of each run.", valueName: "n"))
  var tiles = 200

  @Option(help: ArgumentHelp("How long is measured, after the first tiles have come.", valueName: "s"))
  var seconds = 60

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    guard (1...10_000).contains(simulatedWorkers), (1...simulatedWorkers).contains(processes) else {
      throw ValidationError("--simulated-workers must be 1 to 10000, and --processes not more than that.")
    }
    guard tileSeconds >= 0, tileSeconds <= 3600, (1...1_000_000).contains(tiles), (5...86400).contains(seconds) else {
      throw ValidationError("--tile-seconds must be 0 to 3600, --tiles 1 to 1000000, --seconds 5 to 86400.")
    }
  }

  func run() async throws {
    try await Failures.reported {
      let settings = try await FleetSettings.read(flags: fleet.flags, file: fleet.configuration)
      let benchmark = FleetBenchmark(
        settings: settings, workers: simulatedWorkers, processes: processes, tileSeconds: tileSeconds, tiles: tiles,
        seconds: seconds)
      let report = try await benchmark.run()
      if json { return try Output.json(report) }
      Output.line(report.rendered)
    }
  }
}

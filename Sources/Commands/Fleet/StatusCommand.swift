internal import ArgumentParser
internal import FleetContracts

/// `tessera status`
struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Shows the newest runs, or one run with its results.")

  @Argument(help: "The run's identifier, as `tessera submit` printed it.")
  var run: String?

  @Option(help: "How many runs to list.")
  var limit = 20

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var fleet: FleetOptions

  func run() async throws {
    try await Failures.reported {
      let settings = try await FleetSettings.read(flags: fleet.flags, file: fleet.configuration)
      let ledger = try await FleetAdapters(settings: settings, logger: FleetLogging.logger("status")).ledger()
      guard let run else {
        return try RunRendering.print(list: try await ledger.runs(limit: limit), json: json)
      }
      guard let id = RunID(run) else {
        throw InputError("\(run) isn't a run's identifier; `tessera status` lists runs.")
      }
      guard let record = try await ledger.run(id) else {
        throw InputError("There is no run \(run); `tessera status` lists runs.")
      }
      try RunRendering.print(record, json: json)
    }
  }
}

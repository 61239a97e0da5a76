internal import ArgumentParser
internal import FleetContracts

/// `tessera status`
struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Shows the newest runs, or one run with its results.",
    discussion: """
      Of a run that isn't over it shows the place in the queue and when it will probably be done, if nothing more urgent is submitted and the
      number of workers stays: half of all such runs end by the first time, nine of ten by the second.

        tessera status 0192f0c1-2f3a-7c55-9d0e-3b1f6a7c8d9e
      """)

  @Argument(help: "The run's identifier, as `tessera submit` printed it.", completion: .runs)
  var run: String?

  @Option(help: "How many runs to list.")
  var limit = 20

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

  func run() async throws {
    try await Failures.reported {
      let ledger = try await fleet.adapters(for: "status").ledger()
      guard let run else {
        return try RunRendering.print(list: try await ledger.runs(limit: limit), json: json)
      }
      guard let id = RunID(run) else {
        throw InputError("\(run) isn't a run's identifier; `tessera status` lists runs.")
      }
      guard let record = try await ledger.run(id) else {
        throw InputError("There is no run \(run); `tessera status` lists runs.")
      }
      let forecast = record.state.isFinal ? nil : try await ledger.queueLook().forecast(of: id)
      try RunRendering.print(record, forecast: forecast, json: json)
    }
  }
}

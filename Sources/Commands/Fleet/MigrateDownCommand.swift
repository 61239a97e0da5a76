internal import ArgumentParser
internal import PostgresLedger

/// `tessera migrate down`
struct MigrateDownCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "down",
    abstract: "Takes migrations back, the newest first.",
    discussion: """
      For going back to an older version of the program: stop all processes of the fleet, take the newer steps back with the newer program, start
      the older one. What only the newer schema can hold is lost, so make a backup first; `tessera migrate sql N --down` shows what happens.

        tessera migrate down --to 17
      """)

  @Option(help: "The version that the schema has afterwards; 0 leaves nothing of the ledger.")
  var to: Int

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

  func validate() throws {
    guard to >= 0 else { throw ValidationError("--to is \(to); it must be 0 or more.") }
  }

  func run() async throws {
    try await Failures.reported {
      let settings = try await FleetSettings.read(flags: fleet.flags, file: fleet.configuration)
      let taken = try await Migrator(url: settings.databaseURL()).down(to: to)
      if json { return try Output.json(taken) }
      Output.line(
        taken.isEmpty ? "There is nothing to take back." : "Taken back: \(taken.map(\.name).joined(separator: ", ")).")
    }
  }
}

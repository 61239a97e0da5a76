internal import ArgumentParser
internal import PostgresLedger

/// `tessera migrate`
struct MigrateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "migrate", abstract: "Brings the ledger's schema to this version, or back.",
    subcommands: [
      Up.self, Status.self, MigrateDownCommand.self, MigrateSQLCommand.self, MigrateValidateCommand.self,
      MigrateRolesCommand.self,
    ])

  struct Up: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Applies the migrations that are missing.",
      discussion: """
        Each is a transaction of its own, and several processes may do it at once. Run it before processes of a newer version are started.

          tessera migrate up
        """)

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

    func run() async throws {
      try await Failures.reported {
        let settings = try await FleetSettings.read(flags: fleet.flags, file: fleet.configuration)
        let applied = try await Migrator(url: settings.databaseURL()).up()
        if json { return try Output.json(applied) }
        Output.line(
          applied.isEmpty ? "The schema is up to date." : "Applied: \(applied.map(\.name).joined(separator: ", ")).")
      }
    }
  }

  struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists the migrations and when they were applied.",
      discussion: """
          tessera migrate status
        """)

    @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
      try await Failures.reported {
        let settings = try await FleetSettings.read(flags: fleet.flags, file: fleet.configuration)
        let states = try await Migrator(url: settings.databaseURL()).status()
        if json { return try Output.json(states) }
        var table = TextTable([("version", .right), ("name", .left), ("applied", .left)])
        for state in states {
          table.add(["\(state.version)", state.name, state.appliedAt ?? "no"])
        }
        Output.line(table.rendered())
      }
    }
  }
}

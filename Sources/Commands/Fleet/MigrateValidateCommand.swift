internal import ArgumentParser
internal import Migrations
internal import PostgresLedger

/// `tessera migrate validate`
struct MigrateValidateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Checks that the schema is this program's: all migrations, by their checksums, and no other.",
    discussion: """
      Exit code 0 when it is.

        tessera migrate validate && systemctl start tessera-dispatcher
      """)

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

  func run() async throws {
    try await Failures.reported {
      let settings = try await FleetSettings.read(flags: fleet.flags, file: fleet.configuration)
      try await Migrator(url: settings.databaseURL()).validate()
      if json { return try Output.json(["version": Migrations.all.count]) }
      Output.line("The schema is this program's.")
    }
  }
}

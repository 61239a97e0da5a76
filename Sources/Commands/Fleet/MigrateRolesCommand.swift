internal import ArgumentParser
internal import PostgresLedger

/// `tessera migrate roles`
struct MigrateRolesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "roles",
    abstract: "Makes the database's roles and gives each the least rights that it needs.",
    discussion: """
      owner makes and changes tables (`tessera migrate`), service reads and writes rows (dispatcher, aggregator, submit, status), analyst reads the
      views of the schema analytics, monitor reads everything. Run it as the database's administrator, before or after `tessera migrate
      up`, as often as you like. Roles get no password: give each one with \\password in psql.

        tessera migrate roles
        tessera migrate roles --prefix ward7
        tessera migrate roles --print | psql DATABASE
      """)

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

  @Option(help: ArgumentHelp("What the roles' names begin with, for several ledgers on one server.", valueName: "name"))
  var prefix = "tessera"

  @Flag(help: "Print the SQL instead of running it.")
  var print = false

  @Flag(help: "Print JSON.")
  var json = false

  private struct Report: Encodable {
    var role: String
    var purpose: String
    var isNew: Bool
  }

  func validate() throws {
    if print, json { throw ValidationError("--print prints SQL, --json a report of what was done; choose one.") }
  }

  func run() async throws {
    try await Failures.reported {
      let roles = try DatabaseRoles(prefix: prefix)
      if print { return Output.line(roles.script) }
      let settings = try await FleetSettings.read(flags: fleet.flags, file: fleet.configuration)
      let made = try await Migrator(url: settings.databaseURL()).apply(roles)
      let reports = [
        (roles.owner, "makes and changes tables: tessera migrate"),
        (roles.service, "reads and writes rows: dispatcher, aggregator, submit, status"),
        (roles.analyst, "reads the views in the schema analytics"),
        (roles.monitor, "reads everything"),
      ].map { Report(role: $0.0, purpose: $0.1, isNew: made.contains($0.0)) }
      if json { return try Output.json(reports) }
      var table = TextTable([("role", .left), ("made now", .left), ("what it may do", .left)])
      for report in reports { table.add([report.role, report.isNew ? "yes" : "no", report.purpose]) }
      Output.line(table.rendered())
      if !made.isEmpty { Output.line("New roles have no password: give each one with \\password in psql.") }
    }
  }
}

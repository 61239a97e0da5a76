internal import ArgumentParser
internal import Migrations

/// `tessera migrate sql`
struct MigrateSQLCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sql",
    abstract: "Prints the SQL of migrations, for reading.",
    discussion: """
      All of them, or one. `tessera migrate up` also writes down which were applied, so run that rather than what this prints.

        tessera migrate sql
        tessera migrate sql 18 --down
      """)

  @Argument(help: "The migration's version. Default: all.")
  var version: Int?

  @Flag(help: "Print what takes them back, the newest first.")
  var down = false

  @Flag(help: "Print JSON.")
  var json = false

  private struct Report: Encodable {
    var version: Int
    var name: String
    var sql: String
  }

  func validate() throws {
    guard let version else { return }
    guard Migrations.all.contains(where: { $0.version == version }) else {
      throw ValidationError(
        "There is no migration \(version); the newest is \(Migrations.all.count), and `tessera migrate status` lists them."
      )
    }
  }

  func run() async throws {
    let chosen = Migrations.all.filter { version == nil || $0.version == version }
    if json {
      return try Output.json(
        chosen.map { Report(version: $0.version, name: $0.name, sql: down ? $0.down : $0.sql) })
    }
    for migration in down ? chosen.reversed() : chosen {
      Output.line("-- Migration \(migration.version), \(migration.name)\n")
      Output.line(down ? migration.down : migration.sql)
    }
  }
}

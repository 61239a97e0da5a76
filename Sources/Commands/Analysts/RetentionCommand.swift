internal import ArgumentParser
internal import Foundation
internal import PostgresLedger

/// `tessera retention`
struct RetentionCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retention",
    abstract: "Drops the tiles of old runs from the ledger, by whole months, while the fleet works.",
    discussion: """
      Runs, volumes and all other measurements, timings, costs and digests stay; only the rows of single tiles go, with which `tessera verify` could
      look at a run again. A month with a run that isn't over is left alone. Nobody who writes has to wait. Run it as the ledger's owner or
      the database's administrator, for instance each month.

        tessera retention --older-than 12
        tessera retention --older-than 12 --dry-run
      """)

  @Option(name: .customLong("older-than"), help: ArgumentHelp("How old, in months of 30 days.", valueName: "months"))
  var months: Int

  @Flag(help: "Only tell what would be dropped.")
  var dryRun = false

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

  func validate() throws {
    guard (0...1200).contains(months) else {
      throw ValidationError("--older-than is \(months); it must be a number of months from 0 to 1200.")
    }
  }

  func run() async throws {
    try await Failures.reported {
      let settings = try await FleetSettings.read(flags: fleet.flags, file: fleet.configuration)
      let limit = Date().addingTimeInterval(-Double(months) * 30 * 86400)
      let found = try Retention(url: settings.databaseURL()).drop(before: limit, isTrial: dryRun)
      if json { return try Output.json(found) }
      guard !found.isEmpty else { return Output.line("There are no tiles that old.") }
      var table = TextTable([("month", .left), ("passes", .right), ("tiles", .left)])
      for month in found {
        let unfinished = "kept: \(month.unfinished) run(s) are not over"
        table.add([
          month.month.replacing("_", with: "-"), "\(month.passes)",
          month.unfinished > 0 ? unfinished : month.isDropped ? "dropped" : "would be dropped",
        ])
      }
      Output.line(table.rendered())
    }
  }
}

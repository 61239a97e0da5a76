internal import ArgumentParser
internal import Fleet
internal import FleetContracts
internal import Foundation

/// `tessera clean`
struct CleanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "clean",
    abstract: "Removes what no run needs: from the blob store, and what killed processes left on this machine.",
    discussion: """
      Prints what would be removed; --delete removes it. It may run while the fleet works.

      A run that has been over for longer than --keep-tiles gives up what its results were made from: preprocessed volumes, the
      probabilities of tiles and of an ensemble's members. It keeps its images, label maps, and what was asked for; only
      `tessera verify` can't compute anything of it again. A run with an open dead letter keeps everything. Besides, blobs go that belong to
      no run and no model: inputs of submissions that were refused or killed, tiles that came too late.

        tessera clean
        tessera clean --keep-tiles 14d --delete
        tessera clean --local --delete
      """)

  @Flag(help: "Remove it.")
  var delete = false

  @Option(
    help: ArgumentHelp(
      "For how long a run that is over keeps what it was made from, or `forever`.", valueName: "time|forever"))
  var keepTiles = TileRetention(seconds: 30 * 86400)

  @Option(
    help: ArgumentHelp(
      "What was put within this time stays: it must be longer than any submission or preparation takes.",
      valueName: "time"))
  var grace = TimeSpan(seconds: 86400)

  @Flag(help: "Only this machine's temporary folder; no server is needed.")
  var local = false

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

  private struct Report: Encodable {
    /// `nil` with --local.
    var store: CleaningReport?
    var local: LocalCleaning
  }

  func run() async throws {
    try await Failures.reported {
      let store = local ? nil : try await cleanStore()
      let report = Report(store: store, local: LocalCleaning(unchangedFor: .seconds(grace.seconds), deletes: delete))
      if json { return try Output.json(report) }
      if let store { Self.show(store) }
      Self.show(report.local, deletes: delete)
      if !delete { Output.note("Nothing was removed; --delete does it.") }
    }
  }

  private func cleanStore() async throws -> CleaningReport {
    let adapters = try await fleet.adapters(for: "clean")
    guard let store = try adapters.store() as? any BlobInventory else {
      throw InputError(
        "This store can't tell what it holds, so it can't be cleaned; name a folder by --store file:///FOLDER.")
    }
    let ledger = try await adapters.ledger()
    let progress = ProgressLine(title: "cleaning")
    let report = try await StoreCleaner(ledger: ledger, store: store).clean(
      keepingTiles: keepTiles.seconds.map { .seconds($0) }, grace: .seconds(grace.seconds), deletes: delete,
      by: DlqCommand.user
    ) { progress.show(step: $0, done: 0, total: 0) }
    progress.finish()
    await ledger.close()
    return report
  }

  private static func show(_ report: CleaningReport) {
    var table = TextTable([("blobs", .left), ("number", .right), ("size", .right)])
    let age = Formats.seconds(report.grace)
    for (name, amount) in [
      ("in the store", report.stored), ("needed by runs and models", report.needed),
      ("too young to tell (\(age))", report.young), ("not needed", report.unneeded),
    ] { table.add([name, "\(amount.blobs)", Formats.bytes(amount.bytes)]) }
    if report.deletes { table.add(["removed", "\(report.removed.blobs)", Formats.bytes(report.removed.bytes)]) }
    Output.line(table.rendered())
    let runs = report.trimmedRuns.count
    Output.line("\(runs) run\(runs == 1 ? "" : "s") \(report.deletes ? "gave" : "would give") up tiles and volumes")
    for folder in report.missingFolders {
      Output.note("A folder that a training needs isn't in the store: \(folder). A job that goes on from it fails.")
    }
  }

  private static func show(_ report: LocalCleaning, deletes: Bool) {
    let size = Formats.bytes(report.bytes)
    Output.line(
      "\(report.folders.count) forgotten on this machine, \(size)\(deletes ? ", \(report.removed) removed" : "")")
    for folder in report.folders { Output.line("  \(folder)") }
  }
}

/// How long a run that is over keeps its intermediate blobs.
struct TileRetention: ExpressibleByArgument {
  /// `nil` for good.
  let seconds: Double?

  init(seconds: Double?) { self.seconds = seconds }

  init?(argument: String) {
    if argument == "forever" {
      seconds = nil
    } else {
      guard let span = TimeSpan(argument: argument) else { return nil }
      seconds = span.seconds
    }
  }

  var defaultValueDescription: String { seconds.map { "\(Int($0 / 86400))d" } ?? "forever" }
}

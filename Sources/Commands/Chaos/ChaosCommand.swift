internal import ArgumentParser
internal import Chaos
internal import Foundation

/// `tessera chaos`
struct ChaosCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "chaos",
    abstract: "Kills, starves and wipes parts of a fleet, and checks that nothing is lost.",
    discussion: """
      Starts a RabbitMQ, a PostgreSQL and a fleet of its own, plays rows of the chaos table on them and prints which invariants held. Exit code
      70 when one broke; logs are then kept.

        tessera chaos --list
        tessera chaos --quick
        tessera chaos --row 5 --row 14
        tessera chaos --soak --minutes 30 --runs 200

      On a fleet that exists, named by TESSERA_AMQP_URL, TESSERA_DATABASE_URL and TESSERA_STORE_URL, only rows that leave its servers alone
      are played, with processes of chaos's own beside the fleet's:

        tessera chaos --fleet --consent
      """)

  @Flag(help: "Lists the rows and doesn't play them.")
  var list = false

  @Option(name: .customLong("row"), help: ArgumentHelp("Plays this row; may be given more than once.", valueName: "n"))
  var rows: [Int] = []

  @Flag(help: "Plays the rows that take a few seconds each.")
  var quick = false

  @Option(help: "For the image and for what is random; the same one repeats the same decisions.")
  var seed: UInt64 = 1

  @Option(
    help: ArgumentHelp("Keeps data and logs in this folder, which must be empty or missing.", valueName: "folder"),
    completion: .directory)
  var keep: String?

  @Option(
    help: ArgumentHelp(
      "The folder with the scripts that start servers. Default: Compose, near the program or here.", valueName: "folder"
    ), completion: .directory)
  var compose: String?

  @Option(
    help: ArgumentHelp("A trained model in place of the built-in one.", valueName: "folder"), completion: .directory)
  var model: String?

  @Option(help: ArgumentHelp("An image for that model.", valueName: "file"), completion: .file())
  var image: String?

  @Flag(help: "Plays on the fleet that the settings name.")
  var fleet = false

  @Flag(help: "I know that chaos is made in that fleet.")
  var consent = false

  @Flag(
    help:
      "Row 25: a fleet works while its processes are killed at random, its broker is wiped and its database restarted.")
  var soak = false

  @Option(help: "How long the soak kills.")
  var minutes = 30.0

  @Option(help: "How many studies the soak submits.")
  var runs = 200

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    for row in rows where !Scenario.all.contains(where: { $0.row == row }) {
      throw ValidationError("There is no row \(row); tessera chaos --list shows those that there are.")
    }
    guard fleet == consent else {
      throw ValidationError("--fleet makes chaos in a fleet that exists; it needs --consent, and only it does.")
    }
    guard minutes > 0, minutes <= 1440, (1...100_000).contains(runs) else {
      throw ValidationError("--minutes goes up to 1440, --runs from 1 to 100000.")
    }
    guard !soak || !fleet else { throw ValidationError("--soak kills servers, so it needs a fleet of its own.") }
    guard (model == nil) == (image == nil) else { throw ValidationError("--model and --image belong together.") }
  }

  func run() async throws {
    try await Failures.reported {
      if list { return try ChaosRendering.print(Scenario.all, json: json) }
      let settings = try await chaosSettings()
      let isBroken = try await Interruption.cancelling {
        try await play(settings)
      }
      if keep == nil, !isBroken {
        try? FileManager.default.removeItem(at: settings.folder)
      } else {
        Output.note("Data and logs are in \(settings.folder.path).")
      }
      if isBroken { throw ExitCodes.failed }
    }
  }

  private func play(_ settings: ChaosRun.Settings) async throws -> Bool {
    if soak {
      let plan = Soak.Plan(minutes: minutes, runs: runs)
      let report = try await Soak(settings, plan: plan) { Output.note("chaos: \($0)") }.play()
      try ChaosRendering.print(report, json: json)
      return report.isBroken
    }
    let report = try await ChaosRun(settings) { Output.note("chaos: \($0)") }.play(scenarios())
    try ChaosRendering.print(report, json: json)
    return report.isBroken
  }

  private func scenarios() -> [Scenario] {
    Scenario.all.filter { scenario in
      (rows.isEmpty || rows.contains(scenario.row)) && (!quick || scenario.isQuick)
        && (!fleet || scenario.needs.isEmpty)
    }
  }

  private func chaosSettings() async throws -> ChaosRun.Settings {
    var existing: [String: String]?
    if fleet {
      let settings = try await FleetSettings.read()
      existing = [
        "TESSERA_AMQP_URL": try settings.brokerURL(), "TESSERA_DATABASE_URL": try settings.databaseURL(),
        "TESSERA_STORE_URL": try settings.storeURL(),
      ]
    }
    return ChaosRun.Settings(
      executable: try ProgramLocation.executable(), compose: try ProgramLocation.compose(given: compose),
      folder: try folder(), seed: seed, fleet: existing, model: model.map { URL(filePath: $0).absoluteURL },
      image: image.map { URL(filePath: $0).absoluteURL }, softwareVersion: SoftwareVersion.current)
  }

  /// PostgreSQL's own user must get through to its data, so the folder isn't closed to others.
  private func folder() throws -> URL {
    let manager = FileManager.default
    if let keep {
      let url = URL(filePath: keep).absoluteURL
      guard ((try? manager.contentsOfDirectory(atPath: url.path)) ?? []).isEmpty else {
        throw InputError("The folder \(keep) isn't empty; name another one by --keep.")
      }
      try manager.createDirectory(at: url, withIntermediateDirectories: true)
      return url
    }
    let url = manager.temporaryDirectory.appending(path: "tessera-chaos-\(UUID().uuidString.prefix(8))")
    try manager.createDirectory(at: url, withIntermediateDirectories: true)
    return url
  }
}

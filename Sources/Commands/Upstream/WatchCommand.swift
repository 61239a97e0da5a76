internal import ArgumentParser
internal import Fleet
internal import FleetContracts
internal import Foundation

/// `tessera watch`
struct WatchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch",
    abstract: "Submits cases that are put into a folder; runs until SIGTERM.",
    discussion: """
      A case is named as nnU-Net names it: CASE_0000.nii.gz, CASE_0001.nii.gz … It is taken when its files haven't changed for a while, or at
      once when CASE.json is there (written last), which may say model, class, tenant, key and more. It is then moved to done/, or to failed/
      with CASE.error.txt. A crash at any moment makes no second run. Needs database and store.

        tessera watch /srv/in --model brain --results /srv/out
      """)

  @Argument(help: "The folder to watch.", completion: .directory)
  var folder: String

  @Option(
    name: .customLong("model"),
    help: ArgumentHelp(
      "The model of cases whose CASE.json names none; given more than once: an ensemble.", valueName: "name"),
    completion: .models)
  var models: [String] = []

  @Option(
    name: .customLong("class"),
    help: ArgumentHelp("How urgent cases are: stat, routine or batch.", valueName: "class"),
    completion: .list(RunClass.allCases.map(\.rawValue)),
    transform: UrgencyWord.runClass)
  var runClass = RunClass.routine

  @Option(help: "For whom cases are.", transform: UrgencyWord.tenant)
  var tenant = Tenant.default

  @Option(
    help: ArgumentHelp("Where label maps are written, as CASE.nii.gz. Default: nowhere.", valueName: "folder"),
    completion: .directory)
  var results: String?

  @Option(help: ArgumentHelp("How long a case's files must have been unchanged, such as 5s.", valueName: "time"))
  var quiet = TimeSpan.fiveSeconds

  @Flag(name: [.customLong("disable_tta"), .customLong("disable-tta")], help: "Don't mirror.")
  var disablesMirroring = false

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions
  @OptionGroup(title: "Computing") var compute: ComputeOptions

  func run() async throws {
    let defaults = StudyRequest(
      models: models, runClass: runClass, tenant: tenant, mirroring: disablesMirroring ? false : nil)
    let watching = WatchService.Options(
      folder: URL(filePath: folder), results: results.map { URL(filePath: $0) }, quiet: .seconds(quiet.seconds),
      defaults: defaults)
    try await RoleRunner.run([.watch(watching)], "watch", fleet, compute.flags)
  }
}

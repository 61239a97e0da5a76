internal import ArgumentParser

/// `tessera ingest`
struct IngestCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ingest",
    abstract: "Takes studies that other systems submit by RabbitMQ; runs until SIGTERM.",
    discussion: """
      Reads the queue tessera.ingest, which is bound to the exchange of that name. A submission that can't be taken goes to the queue
      tessera.ingest.parked, with the reason in the header tessera-reason, and into `tessera dlq ls`. Needs broker, database and store. Any
      number may run.

        tessera ingest --folder /srv/import
      """)

  @Option(
    help: ArgumentHelp(
      "Where files may lie that submissions name (TESSERA_INGEST_FOLDER). Default: they may name none.",
      valueName: "folder"), completion: .directory)
  var folder: String?

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions
  @OptionGroup(title: "Computing") var compute: ComputeOptions

  func run() async throws {
    let flags = compute.flags.merging(["ingest.folder": folder]) { $1 }
    try await RoleRunner.run([.ingest], "ingest", fleet, flags)
  }
}

internal import ArgumentParser

/// `tessera model list`
struct ModelListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists the fleet's models.",
    discussion: """
        tessera model list
      """)

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

  func run() async throws {
    try await Failures.reported {
      let ledger = try await fleet.adapters(for: "model").ledger()
      let models = try await ledger.models()
      await ledger.close()
      if json { return try Output.json(models) }
      guard !models.isEmpty else {
        return Output.line("No models yet; `tessera model add DIR --name NAME` registers one.")
      }
      var table = TextTable([
        ("name", .left), ("configuration", .left), ("channels", .right), ("labels", .right), ("SHA-256", .left),
      ])
      for model in models {
        table.add([
          model.name, model.configuration, "\(model.channels)", "\(model.labels.count)", model.digest.hexadecimal,
        ])
      }
      Output.line(table.rendered())
    }
  }
}

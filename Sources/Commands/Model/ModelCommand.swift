internal import ArgumentParser

/// `tessera model`
struct ModelCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model", abstract: "Looks into trained models and registers them with the fleet.",
    subcommands: [ModelInspectCommand.self, ModelAddCommand.self, ModelListCommand.self])
}

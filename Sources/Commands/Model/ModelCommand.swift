internal import ArgumentParser

/// `tessera model`
struct ModelCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model",
    abstract: "Looks into trained models, packs and unpacks them, and registers them with the fleet.",
    subcommands: [
      ModelInspectCommand.self, ModelVerifyCommand.self, ModelImportCommand.self, ModelExportCommand.self,
      ModelAddCommand.self, ModelListCommand.self, ModelShowCommand.self, ModelRemoveCommand.self,
    ])
}

internal import ArgumentParser

/// `tessera bench`
struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measures this machine.",
    subcommands: [
      BenchForwardCommand.self, BenchStartCommand.self, BenchCompareCommand.self, BenchResampleCommand.self,
      BenchExportCommand.self, BenchTrainCommand.self, BenchFleetCommand.self, BenchFleetRoleCommand.self,
    ])
}

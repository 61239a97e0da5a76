internal import ArgumentParser
internal import Fleet
internal import FleetContracts
internal import Foundation

/// `tessera dlq repro`
struct DlqReproCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "repro", abstract: "Writes a dead tile with all that it needs into one file, for `tessera dlq run`.",
    discussion: """
      The file holds the patch that the network sees, as voxels of the patient's image, and the model's weights: treat it as you treat those.

        tessera dlq repro 17 --output tile.zip
      """)

  @Argument(help: "The letter's number, as `tessera dlq ls` prints it.")
  var id: Int

  @Option(
    name: .shortAndLong, help: ArgumentHelp("The file; one that is there is replaced.", valueName: "file"),
    completion: .file())
  var output: String

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

  private struct Report: Encodable {
    /// The letter's number.
    var id: Int
    var file: String
    var bytes: Int
  }

  func run() async throws {
    try await Failures.reported {
      let adapters = try await fleet.adapters(for: "dlq")
      let ledger = try await adapters.ledger()
      let letter = try await DlqCommand.letter(id, in: ledger)
      try await TileRepro.write(letter, from: try adapters.store(), to: output)
      let size = try FileManager.default.attributesOfItem(atPath: output)[.size] as? Int ?? 0
      if json { return try Output.json(Report(id: id, file: output, bytes: size)) }
      Output.line("\(output) has dead letter \(id), \(Formats.bytes(size)); `tessera dlq run \(output)` computes it.")
    }
  }
}

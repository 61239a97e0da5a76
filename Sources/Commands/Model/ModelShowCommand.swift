internal import ArgumentParser
internal import Fleet
internal import FleetContracts
internal import Foundation
internal import ModelStore

/// `tessera model show`
struct ModelShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Shows a model of the fleet: its labels, and the files that workers fetch.",
    discussion: "  tessera model show brain\n  tessera model show brain --json")

  @Argument(help: "The model's name.", completion: .models)
  var name: String

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

  private struct Shown: Encodable {
    var model: ModelRecord
    var manifest: ModelManifest
  }

  func run() async throws {
    try await Failures.reported {
      let adapters = try await fleet.adapters(for: "model")
      let model = try await adapters.model(named: name)
      let manifest = try await ModelLibrary.manifest(model.digest, in: adapters.store())
      if json { return try Output.json(Shown(model: model, manifest: manifest)) }
      let labels = model.labels.map { "\($0.label) \($0.name)" }.joined(separator: ", ")
      for (title, text) in [
        ("name", model.name), ("model", "SHA-256 \(model.digest)"), ("configuration", model.configuration),
        ("trainer", model.trainer), ("channels", "\(model.channels)"), ("labels", labels),
        ("folds", manifest.folds.map(\.folder).joined(separator: " ")), ("checkpoint", manifest.checkpoint),
      ] { Output.line(title + String(repeating: " ", count: 16 - title.count) + text) }
      var table = TextTable([("file", .left), ("size", .right), ("SHA-256", .left)])
      for file in manifest.files { table.add([file.path, Formats.bytes(file.size), file.sha256.hexadecimal]) }
      Output.line(table.rendered())
    }
  }
}

extension FleetAdapters {
  /// - Throws: `LedgerError`; `.unknownModel` where no model has the name.
  func model(named name: String) async throws -> ModelRecord {
    let ledger = try await ledger()
    let model = try await ledger.model(named: name)
    await ledger.close()
    guard let model else { throw LedgerError.unknownModel(name) }
    return model
  }
}

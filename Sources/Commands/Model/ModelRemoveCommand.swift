internal import ArgumentParser
internal import Digests
internal import FleetContracts

/// `tessera model remove`
struct ModelRemoveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove",
    abstract: "Takes a model's name away, so that no further study is submitted to it.",
    discussion: """
      Runs that were submitted keep their model, and finish with it. The files stay in the blob store, since runs and other models may
      need them.

        tessera model remove brain
      """)

  @Argument(help: "The model's name.", completion: .models)
  var name: String

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

  private struct Report: Encodable {
    var name: String
    var sha256: Digest
  }

  func run() async throws {
    try await Failures.reported {
      let ledger = try await fleet.adapters(for: "model").ledger()
      guard let model = try await ledger.model(named: name) else { throw LedgerError.unknownModel(name) }
      try await ledger.forget(modelNamed: name)
      let others = try await ledger.models()
      await ledger.close()
      if json {
        try Output.json(Report(name: name, sha256: model.digest))
      } else {
        Output.line("\(name)  removed, it was SHA-256 \(model.digest)")
      }
      Output.note("Its files stay in the store: runs that were submitted to it may need them.")
      let same = others.filter { $0.digest == model.digest }.map(\.name)
      if !same.isEmpty { Output.note("The same model is still called \(same.joined(separator: ", ")).") }
      let stages = others.filter { $0.digest == model.previous }.map(\.name)
      if !stages.isEmpty { Output.note("Its first stage is still there: \(stages.joined(separator: ", ")).") }
    }
  }
}

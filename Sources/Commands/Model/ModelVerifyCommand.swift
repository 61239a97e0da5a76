internal import ArgumentParser
internal import Fleet
internal import FleetContracts
internal import Foundation
internal import ModelStore

/// `tessera model verify`
struct ModelVerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Checks that a model is whole: every file's digest, every fold's weights against the network.",
    discussion: """
      A name is looked up in the fleet, and its files are read from the store. A folder or a zip file is checked where it is, without a
      server. Exit code 65 where something is wrong.

        tessera model verify brain
        tessera model verify MODEL_DIR -f 0 1
      """)

  @Argument(
    help: ArgumentHelp("A model's name in the fleet, its folder, or a zip file.", valueName: "name|dir|zip"),
    completion: .file())
  var model: String

  @OptionGroup var source: ModelSourceOptions

  @OptionGroup var folds: FoldOptions

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

  private struct Report: Encodable {
    struct Part: Encodable {
      /// A file of the fleet's model, or a fold of a folder's.
      var name: String
      /// `nil` for what is whole.
      var problem: String?
    }

    var model: String
    var sha256: String
    /// Trained numbers of all folds.
    var parameters: Int
    var parts: [Part]
  }

  func run() async throws {
    try await Failures.reported {
      if FileManager.default.fileExists(atPath: model) { return try await verifyFiles() }
      let adapters = try await fleet.adapters(for: "model")
      let record = try await adapters.model(named: model)
      let check = try await ModelLibrary.verify(record.digest, in: adapters.store())
      if json {
        try Output.json(
          Report(
            model: model, sha256: record.digest.hexadecimal, parameters: check.parameters,
            parts: check.files.map { Report.Part(name: $0.path, problem: $0.problem) }))
        guard check.problems.isEmpty else { throw ExitCodes.data }
        return
      }
      for file in check.files { Output.line("\(file.problem == nil ? "whole  " : "BROKEN ") \(file.path)") }
      for problem in check.problems { Output.note(problem) }
      guard check.problems.isEmpty else {
        Output.note("\(model) isn't whole; register it again with `tessera model add`.")
        throw ExitCodes.data
      }
      Output.line("\(model)  \(check.files.count) files, \(check.parameters) weights, SHA-256 \(record.digest)")
    }
  }

  private func verifyFiles() async throws {
    try await ModelSource.withFolder(of: model, configuration: try source.wanted()) { folder in
      let opened = try TrainedModel.open(
        folder: folder, folds: try folds.selection(), checkpoint: folds.checkpoint,
        treatedAs: folds.treatedAs)
      for fold in opened.folds {
        _ = try opened.weights(fold: fold)
        if !json { Output.line("whole   \(fold)") }
      }
      let summary = try ModelSummary(of: opened)
      if json {
        return try Output.json(
          Report(
            model: model, sha256: summary.sha256, parameters: summary.parameters * opened.folds.count,
            parts: opened.folds.map { Report.Part(name: "\($0)", problem: nil) }))
      }
      Output.line("\(model)  \(summary.parameters * opened.folds.count) weights, SHA-256 \(summary.sha256)")
    }
  }
}

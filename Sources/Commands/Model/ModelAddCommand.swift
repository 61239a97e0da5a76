internal import ArgumentParser
internal import Digests
internal import Fleet
internal import Foundation
internal import ModelStore

/// `tessera model add`
struct ModelAddCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add",
    abstract: "Registers a model with the fleet: its files go into the blob store, its name into the ledger.",
    discussion: """
      Workers fetch a model by digest when they first need it. A name that is registered again moves on to the new model; runs that were
      submitted before keep theirs. Labels are named after nnU-Net's dataset.json, where it lies in the model's folder.

      A cascade's second stage is registered together with its first, which is found beside it in nnU-Net's layout.

        tessera model add MODEL_DIR --name brain
        tessera model add CASCADE_DIR --lowres LOWRES_DIR --name brain-cascade
        tessera model add Task501.zip -m 3d_fullres --name brain
      """)

  @Argument(
    help: "A trained model's folder, as nnU-Net wrote it, or a zip file that was exported.", completion: .file())
  var folder: String

  @Option(help: "What `tessera submit --model` will call it.")
  var name: String

  @Option(
    name: .customLong("lowres"),
    help: ArgumentHelp("For a cascade's second stage: the folder of its first.", valueName: "dir"),
    completion: .directory)
  var firstStage: String?

  @OptionGroup var source: ModelSourceOptions

  @OptionGroup var folds: FoldOptions

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

  private struct Report: Encodable {
    var name: String
    var configuration: String
    var channels: Int
    /// How many, background included.
    var labels: Int
    var sha256: Digest
  }

  func validate() throws {
    guard !name.isEmpty, name.count <= 200 else { throw ValidationError("--name must have 1 to 200 characters.") }
  }

  func run() async throws {
    try await Failures.reported {
      let adapters = try await fleet.adapters(for: "model")
      let ledger = try await adapters.ledger()
      let store = try adapters.store()
      let record = try await ModelSource.withFolder(of: folder, configuration: try source.wanted()) { model in
        var record = try await ModelLibrary.publish(
          folder: model, selection: try folds.selection(), checkpoint: folds.checkpoint, treatedAs: folds.treatedAs,
          name: name, to: store)
        if record.needsPrevious {
          let stage = firstStage.map { URL(filePath: $0) } ?? (try? ModelLocation.firstStage(of: model))
          if let stage {
            let first = try await ModelLibrary.publish(
              folder: stage, selection: try folds.selection(), checkpoint: TrainedModel.defaultCheckpoint,
              name: "\(name)/3d_lowres", to: store)
            try await ledger.register(first)
            record.previous = first.digest
          } else {
            Output.note(
              "\(name): registered without its first stage, which isn't beside it (--lowres DIR names it); each study must bring the "
                + "first stage's label map (`tessera submit --lowres_segmentation`).")
          }
        } else if firstStage != nil {
          throw InputError(
            "--lowres is for a cascade's second stage, but the model in \(folder) is \(record.configuration); leave --lowres away."
          )
        }
        return record
      }
      try await ledger.register(record)
      await ledger.close()
      if json {
        return try Output.json(
          Report(
            name: name, configuration: record.configuration, channels: record.channels, labels: record.labels.count,
            sha256: record.digest))
      }
      Output.line(
        "\(name)  \(record.configuration), \(record.channels) channel(s), \(record.labels.count) labels, SHA-256 \(record.digest)"
      )
    }
  }
}

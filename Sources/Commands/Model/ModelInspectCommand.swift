internal import ArgumentParser
internal import Foundation
internal import ModelStore

/// `tessera model inspect`
struct ModelInspectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Shows what is in a trained model's folder, and checks its weights against its plans.",
    discussion: "  tessera model inspect MODEL_DIR\n  tessera model inspect Task501.zip -m 3d_fullres -f 0 1 --json")

  @Argument(
    help: "A trained model's folder, as nnU-Net wrote it, or a zip file that was exported.", completion: .file())
  var folder: String

  @OptionGroup var source: ModelSourceOptions

  @OptionGroup var folds: FoldOptions

  @Flag(help: "Print JSON.")
  var json = false

  func run() async throws {
    try await Failures.reported {
      let summary = try await ModelSource.withFolder(of: folder, configuration: try source.wanted()) { folder in
        try ModelSummary(
          of: TrainedModel.open(
            folder: folder, folds: try folds.selection(), checkpoint: folds.checkpoint,
            treatedAs: folds.treatedAs))
      }
      if json { return try Output.json(summary) }
      for (title, text) in lines(of: summary) {
        Output.line(title + String(repeating: " ", count: 16 - title.count) + text)
      }
    }
  }

  private func lines(of model: ModelSummary) -> [(String, String)] {
    func list(_ values: [some CustomStringConvertible], by separator: String = " ") -> String {
      values.map(\.description).joined(separator: separator)
    }
    func kernels(_ values: [[Int]]) -> String { values.map { list($0, by: "x") }.joined(separator: " ") }
    let channels = model.channels.map { channel in
      "\(channel.name) (\(channel.normalization)\(channel.usesMask ? ", inside the nonzero mask" : ""))"
    }
    return [
      ("configuration", model.configuration.rawValue),
      ("trainer", model.trainer),
      ("channels", channels.joined(separator: ", ")),
      ("classes", "\(model.foregroundClasses): labels \(list(model.classLabels))"),
      ("patch", "\(list(model.patch, by: "x")) voxels, transposed axes"),
      ("spacing", "\(list(model.spacing.map { Formats.number($0, digits: 4) }, by: " x ")) mm, transposed axes"),
      (
        "axes",
        model.transposeForward == [0, 1, 2] ? "as in the image" : "transposed by \(list(model.transposeForward))"
      ),
      ("features", list(model.features)),
      ("pooling", kernels(model.poolKernels)),
      ("kernels", kernels(model.convolutionKernels)),
      ("parameters", "\(model.parameters) for each fold"),
      ("mirroring", model.mirroringAllowed ? "allowed, axes \(list(model.mirrorAxes))" : "not allowed"),
    ]
      + model.folds.map { fold in
        (fold.name, "\(fold.epoch.map { "epoch \($0), " } ?? "")\(fold.format), SHA-256 \(fold.sha256)")
      } + [("model", "SHA-256 \(model.sha256)")]
  }
}

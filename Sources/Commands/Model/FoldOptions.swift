internal import ArgumentParser
internal import ModelStore

/// Which folds of a trained model, which of their checkpoints, in nnU-Net's words; and which trainer the model is taken for.
struct FoldOptions: ParsableArguments {
  @Option(
    name: [.customShort("f"), .customLong("folds")], parsing: .upToNextOption,
    help:
      "Folds: numbers, or all (the fold all where there is one, else every fold). Default: every fold_*, or all where only that exists."
  )
  var folds: [String] = []

  @Option(
    name: .customLong("chk", withSingleDash: true),
    help: ArgumentHelp("Base name of the checkpoint files.", valueName: "name"))
  var checkpoint = TrainedModel.defaultCheckpoint

  @Option(
    name: [.customLong("treat-as"), .customLong("treat_as")],
    help: ArgumentHelp(
      "Take the model for one of this trainer of nnU-Net, such as nnUNetTrainerV2, instead of the class that it names.",
      valueName: "trainer"))
  var treatedAs: String?

  func validate() throws { _ = try selection() }

  /// The folds that were asked for.
  /// - Throws: `ValidationError` for anything but numbers or the single word `all`.
  func selection() throws -> FoldSelection {
    if folds.isEmpty { return .automatic }
    if folds == ["all"] { return .all }
    return .list(
      try folds.map { text in
        let digits = text.hasPrefix("fold_") ? String(text.dropFirst("fold_".count)) : text
        guard let fold = Int(digits), fold >= 0 else {
          throw ValidationError("-f takes fold numbers, or the single word all; \(text) is neither.")
        }
        return fold
      })
  }
}

internal import ArgumentParser

/// How a model is applied to a study: nnU-Net's words.
struct ApplyOptions: ParsableArguments {
  @Flag(
    name: [.customLong("disable_tta"), .customLong("disable-tta")],
    help: "No mirroring: up to eight times faster, a little less accurate.")
  var disablesMirroring = false

  @Option(
    name: [.customLong("step_size"), .customLong("step-size")],
    help: "Distance of tiles as a share of the patch, in (0, 1].")
  var stepSize = 0.5

  @Flag(
    name: [.customShort("z"), .customLong("save_npz"), .customLong("save-npz")],
    help: "Also keep the probabilities, as nnU-Net's .npz and .pkl.")
  var savesProbabilities = false

  func validate() throws {
    guard stepSize > 0, stepSize <= 1 else {
      throw ValidationError("--step_size must be in (0, 1], it is \(stepSize).")
    }
  }
}

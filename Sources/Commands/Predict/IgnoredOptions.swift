internal import ArgumentParser

/// Words of nnUNet_predict that change nothing on a CPU, so that a script's command line can stay as it is.
struct IgnoredOptions: ParsableArguments {
  @Option(name: .customLong("num_threads_preprocessing"))
  var preprocessingThreads: Int?

  @Option(name: .customLong("num_threads_nifti_save"))
  var exportThreads: Int?

  @Flag(name: .customLong("disable_mixed_precision"))
  var disablesMixedPrecision = false

  @Option(name: .customLong("all_in_gpu"))
  var allInGPU: String?

  @Option(name: .customLong("mode"))
  var mode = "normal"

  func validate() throws {
    guard ["None", "False", nil].contains(allInGPU) else {
      throw ValidationError("--all_in_gpu \(allInGPU ?? "") needs a GPU, and Tessera uses none; leave it away.")
    }
    guard mode == "normal" else {
      throw ValidationError(
        "--mode \(mode) isn't there: only normal is, which resamples probabilities and decides labels then; leave --mode away."
      )
    }
  }
}

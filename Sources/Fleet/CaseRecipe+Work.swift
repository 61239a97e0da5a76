internal import Inference
internal import UNet

extension CaseRecipe {
  /// Floating-point operations of a tile: one pass of the network (`NetworkDescription.forwardOperations`) for each fold and each
  /// mirroring. What the engine saves by a better method is in the measured speed.
  /// - Throws: `InferenceError.Code.invalidOptions` when mirroring is wanted of a model that was trained without.
  func tileOperations(_ options: InferenceOptions) throws -> Double {
    let mirrorings = 1 << (try mirrorAxes(mirroring: options.mirroring).count)
    return network.forwardOperations * Double(options.folds.count * mirrorings)
  }
}

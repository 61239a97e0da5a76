public import Kernels
public import ModelPlans

/// Runs a described network with the weights of one fold: prepared once, run for each patch.
///
/// An executor belongs to one worker slot: one call at a time. Calls give the same bits for any number of threads.
public protocol NetworkExecutor: AnyObject {
  var description: NetworkDescription { get }
  /// What computes: recorded with each result.
  var identity: EngineIdentity { get }

  /// One pass of the network over a patch, flipped, and what becomes of its logits, flipped back. The caller flips nothing.
  /// - Parameters:
  ///   - patch: `[channel, z, y, x]`, not flipped; as many values as the network takes.
  ///   - mirrored: what to flip; `z` must be false for a 2D network.
  ///   - use: of the logits.
  ///   - output: `[class, z, y, x]`, as many values as the network makes.
  func run(
    _ patch: UnsafePointer<Float>, mirrored: MirroredAxes, use: SegmentationHead.Use,
    into output: UnsafeMutablePointer<Float>)
}

extension NetworkExecutor {
  /// Plain logits of one patch.
  /// - Parameters:
  ///   - patch: `[channel, z, y, x]`, or `[channel, y, x]` of a 2D network, C order.
  ///   - logits: `[class, z, y, x]`, overwritten.
  /// - Throws: `NetworkExecutionError.wrongSize`.
  public func forward(_ patch: UnsafeBufferPointer<Float>, into logits: UnsafeMutableBufferPointer<Float>) throws {
    try runChecked(patch, mirrored: .none, use: .logits, into: logits)
  }

  /// Adds `weight * unflip(activation(network(flip(patch))))` to `sum`. The caller flips nothing.
  /// - Parameters:
  ///   - patch: `[channel, z, y, x]`, not flipped.
  ///   - mirrored: what to flip; `z` must be false for a 2D network.
  ///   - sum: `[class, z, y, x]`.
  /// - Throws: `NetworkExecutionError.wrongSize`.
  public func accumulate(
    _ patch: UnsafeBufferPointer<Float>, mirrored: MirroredAxes, weight: Float,
    into sum: UnsafeMutableBufferPointer<Float>
  ) throws {
    let activation = SegmentationHead.Activation(description.finalActivation)
    try runChecked(patch, mirrored: mirrored, use: .probabilities(activation, weight: weight), into: sum)
  }

  /// The mean probabilities over mirrorings: for each pass in order, its probabilities times 1 / passes are added, in float32
  /// (nnunet/network_architecture/neural_network.py, `_internal_maybe_mirror_and_pred_3D`).
  /// - Parameters:
  ///   - patch: `[channel, z, y, x]`, or `[channel, y, x]` of a 2D network.
  ///   - mirrorings: from `MirroredAxes.passes`.
  ///   - probabilities: `[class, z, y, x]`, overwritten.
  public func predict(
    _ patch: UnsafeBufferPointer<Float>, mirrorings: [MirroredAxes],
    into probabilities: UnsafeMutableBufferPointer<Float>
  ) throws {
    probabilities.update(repeating: 0)
    for mirrored in mirrorings {
      try accumulate(patch, mirrored: mirrored, weight: 1 / Float(mirrorings.count), into: probabilities)
    }
  }

  /// - Throws: `NetworkExecutionError.wrongSize` when the buffers aren't a patch and its classes.
  private func runChecked(
    _ patch: UnsafeBufferPointer<Float>, mirrored: MirroredAxes, use: SegmentationHead.Use,
    into output: UnsafeMutableBufferPointer<Float>
  ) throws {
    let voxels = description.patch.reduce(1, *)
    let expectedPatch = description.inputChannels * voxels
    guard patch.count == expectedPatch else {
      throw NetworkExecutionError.wrongSize(what: "the patch", expected: expectedPatch, found: patch.count)
    }
    let expectedOutput = description.outputChannels * voxels
    guard output.count == expectedOutput else {
      throw NetworkExecutionError.wrongSize(what: "the patch's classes", expected: expectedOutput, found: output.count)
    }
    guard let source = patch.baseAddress, let target = output.baseAddress else { return }
    run(source, mirrored: mirrored, use: use, into: target)
  }
}

/// The networks of several folds, predicting together.
public enum FoldMean {
  /// The mean over folds of the mean over mirrorings: everything is added in fold order, then divided by the folds, in float32.
  /// - Parameters:
  ///   - folds: one executor for each fold; they may share a workspace.
  ///   - patch, mirrorings, probabilities: as for `NetworkExecutor.predict`.
  public static func predict(
    folds: [any NetworkExecutor], patch: UnsafeBufferPointer<Float>, mirrorings: [MirroredAxes],
    into probabilities: UnsafeMutableBufferPointer<Float>
  ) throws {
    probabilities.update(repeating: 0)
    for fold in folds {
      for mirrored in mirrorings {
        try fold.accumulate(patch, mirrored: mirrored, weight: 1 / Float(mirrorings.count), into: probabilities)
      }
    }
    guard folds.count > 1 else { return }
    let count = Float(folds.count)
    for index in probabilities.indices { probabilities[index] /= count }
  }
}

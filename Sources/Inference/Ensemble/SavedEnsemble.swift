public import Foundation
public import Kernels
public import Volumes

/// One model's saved answer for a case: `CASE.npz` and `CASE.pkl`, as `nnUNet_predict` and `tessera predict` write them with `--save_npz`.
public struct SavedPrediction: Hashable, Sendable {
  public var probabilities: URL
  public var properties: URL

  public init(probabilities: URL, properties: URL) {
    self.probabilities = probabilities
    self.properties = properties
  }
}

/// A case that several models' saved answers decided.
public struct EnsembledCase: Sendable {
  /// Labels on the image's grid.
  public let labels: LabelVolume
  /// Of the first member: where the image lies, and the rule of its labels.
  public let properties: CasePickle
  /// The mean, when it was to be kept.
  public let mean: HalfPrecisionFile?
}

/// Averages saved answers (nnunet/inference/ensemble_predictions.py, `merge_files`).
public enum SavedEnsemble {
  /// - Parameters:
  ///   - members: one for each model, at least one; the first one's properties count, as in nnU-Net.
  ///   - weights: one for each member, or `nil`.
  ///   - scratch: a folder where there is room for all members' probabilities.
  ///   - keepsMean: whether the mean is kept, there too.
  /// - Throws: `InferenceError` for files that can't be read or don't belong together.
  public static func merge(
    _ members: [SavedPrediction], weights: [Double]? = nil, scratch: URL, keepsMean: Bool = false, pool: ComputePool
  ) throws -> EnsembledCase {
    let pickles = try members.map { try CasePickle(reading: $0.properties) }
    for (member, pickle) in zip(members, pickles).dropFirst() { try check(pickle, of: member, fits: pickles[0]) }
    let maps = try members.map { try SoftmaxArchive.open($0.probabilities, scratch: scratch) }
    let mean = try EnsembleMean(members: maps, weights: weights)
    let kept =
      keepsMean
      ? try HalfPrecisionFile(channels: mean.channels, extent: mean.extent, axes: .identity, in: scratch) : nil
    let labels = try mean.decide(
      properties: pickles[0].properties, rule: pickles[0].rule, pool: pool, keeping: kept)
    return EnsembledCase(labels: labels, properties: pickles[0], mean: kept)
  }

  /// nnU-Net insists on equal regions only; images of different extents or crops would be averaged in the wrong place.
  private static func check(_ pickle: CasePickle, of member: SavedPrediction, fits first: CasePickle) throws {
    guard pickle.rule == first.rule else {
      throw InferenceError(
        .shapeMismatch,
        "\(member.properties.path) names other regions ('regions_class_order') than the first member; "
          + "average models that were trained for the same labels.")
    }
    guard pickle.properties.originalExtent == first.properties.originalExtent,
      pickle.properties.cropBox == first.properties.cropBox
    else {
      throw InferenceError(
        .shapeMismatch,
        "\(member.properties.path) is of an image of \(pickle.properties.originalExtent) voxels cropped to "
          + "\(pickle.properties.croppedExtent), the first member of one of \(first.properties.originalExtent) cropped to "
          + "\(first.properties.croppedExtent); average predictions of the same image.")
    }
  }
}

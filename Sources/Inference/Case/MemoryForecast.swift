public import Preprocessing
public import SlidingWindow
public import Volumes

/// The memory that a case will need, told before it is started: bytes of voxels, weights and workspace, without the program itself.
public struct MemoryForecast: Hashable, Sendable, Codable {
  /// The image and its label map.
  public var image: Int
  /// What preprocessing holds beside the image.
  public var preprocessing: Int
  /// The preprocessed volume, of which a mapped file counts as little as is read at a time.
  public var volume: Int
  /// One patch and its probabilities.
  public var tile: Int
  /// Accumulators and planes of stitching and export.
  public var slab: Int
  /// The folds' weights and the engine's workspace.
  public var network: Int

  /// While an image is prepared.
  public var preparing: Int { image + preprocessing + volume }
  /// While tiles are predicted, in one worker slot.
  public var predicting: Int { volume + tile + network }
  /// While tiles that are stored elsewhere are stitched.
  public var stitching: Int { image + tile + slab }
  /// The peak of a process that does all steps, stitching each tile when it is predicted.
  public var peak: Int { max(preparing, image + volume + tile + slab + network) }

  /// - Parameters:
  ///   - plan: the case's tile plan.
  ///   - properties: of the case; `CaseProperties.uncropped` where the image hasn't been read yet.
  ///   - folds: how many folds are averaged.
  ///   - networkBytes: weights of all folds and workspace of the engine, in bytes.
  public init(
    recipe: CaseRecipe, plan: TilePlan, properties: CaseProperties, folds: Int, threads: Int, networkBytes: Int
  ) {
    let float = MemoryLayout<Float>.stride
    let classes = recipe.network.outputChannels
    image = properties.originalExtent.count * (recipe.channels * float + 1)
    // Two float32 volumes of one channel, before or after resampling, and a mask (`Preprocessor.run`).
    preprocessing = max(properties.croppedExtent.count, properties.resampledExtent.count) * (2 * float + 1)
    volume = properties.resampledExtent.count * recipe.channels * float
    tile = plan.patch.count * (recipe.channels + classes * (folds > 1 ? 2 : 1)) * float
    slab =
      Stitcher(plan: plan, classes: classes).workingBytes
      + Exporter.workingBytes(properties, classes: classes, threads: threads)
    network = networkBytes
  }
}

extension CaseProperties {
  /// The properties that an image without a zero border would have: known from its header alone, and an upper bound.
  /// - Parameters:
  ///   - extent: the image's, `[z, y, x]`.
  ///   - spacing: the image's, in mm.
  public static func uncropped(extent: Extent, spacing: Spacing, plan: PreprocessingPlan) -> CaseProperties {
    let axes = plan.transposeForward
    let (turned, original) = (axes.apply(extent), axes.apply(spacing))
    var target = plan.targetSpacing
    if plan.variant == .generic2D { target.z = original.z }
    if plan.variant == .unresampled3D { target = original }
    let lengths = (0..<3).map { axis in
      let length = (original[axis] / target[axis] * Double(turned[axis])).rounded(.toNearestOrEven)
      return length.isFinite ? Int(min(max(length, 1), Double(Int32.max))) : 1
    }
    return CaseProperties(
      originalExtent: extent, originalSpacing: spacing,
      cropBox: VoxelBox(lower: Extent(z: 0, y: 0, x: 0), upper: extent), resampledExtent: Extent(lengths),
      spacingAfterResampling: target, transposeForward: axes)
  }
}

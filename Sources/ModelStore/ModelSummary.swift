internal import Digests
internal import ModelPlans

/// What is in a model, for people and for `tessera model inspect --json`. Axes are in transposed order.
public struct ModelSummary: Hashable, Sendable, Codable {
  public struct Fold: Hashable, Sendable, Codable {
    public var name: String
    /// Epochs of training, where the checkpoint tells.
    public var epoch: Int?
    /// `zip` or `legacy`, torch's two formats.
    public var format: String
    /// SHA-256 of the checkpoint.
    public var sha256: String
  }

  public struct Channel: Hashable, Sendable, Codable {
    public var name: String
    /// nnU-Net's name of the scheme: `CT`, `CT2`, `noNorm`; any other means z-score.
    public var normalization: String
    /// Whether z-score looks at the nonzero mask only.
    public var usesMask: Bool
  }

  public var configuration: ModelConfiguration
  public var trainer: String
  public var checkpoint: String
  /// Voxels, `[z, y, x]` or `[y, x]` of the transposed axes.
  public var patch: [Int]
  /// The spacing to which images are resampled, mm, `[z, y, x]` of the transposed axes. A 2D network keeps the first one.
  public var spacing: [Double]
  /// Transposed axis `i` is the image's axis `transposeForward[i]`.
  public var transposeForward: [Int]
  public var channels: [Channel]
  /// The network's input channels; more than `channels` for a cascade.
  public var inputChannels: Int
  public var foregroundClasses: Int
  public var classLabels: [Int]
  /// For region-based models, the label of each output channel.
  public var regionsClassOrder: [Int]?
  /// Features of each level.
  public var features: [Int]
  /// Stride of each pooling step, and kernel of each level.
  public var poolKernels: [[Int]]
  public var convolutionKernels: [[Int]]
  /// Trained numbers of one fold.
  public var parameters: Int
  public var mirroringAllowed: Bool
  public var mirrorAxes: [Int]
  public var folds: [Fold]
  /// SHA-256 that names the model with these folds (`ModelManifest.digest`).
  public var sha256: String

  /// Reads every selected fold's checkpoint: its tensors are held against the network, its digest is computed.
  /// - Throws: `ModelStoreError`.
  public init(of model: TrainedModel) throws(ModelStoreError) {
    let manifest = try ModelManifest(of: model)
    let digests = Dictionary(manifest.files.map { ($0.path, $0.sha256.hexadecimal) }) { first, _ in first }
    var folds: [Fold] = []
    for fold in model.folds {
      let checkpoint = try model.openCheckpoint(fold)
      try checkpoint.check(against: model.network)
      folds.append(
        Fold(
          name: fold.folder, epoch: checkpoint.epoch, format: checkpoint.format,
          sha256: digests["\(fold.folder)/\(model.checkpoint).model"] ?? ""))
    }
    let plans = model.plans
    configuration = model.configuration
    trainer = model.trainerName
    checkpoint = model.checkpoint
    patch = model.network.patch
    spacing = model.stagePlans.currentSpacing
    transposeForward = plans.transposeForward
    channels = (0..<plans.channelCount).map {
      Channel(
        name: plans.modalityNames[$0], normalization: plans.normalizationSchemes[$0],
        usesMask: plans.useMaskForNormalization[$0])
    }
    inputChannels = model.network.inputChannels
    foregroundClasses = plans.foregroundClasses
    classLabels = plans.classLabels
    regionsClassOrder = model.trainer.regionsClassOrder
    features = model.network.features
    poolKernels = model.network.strides
    convolutionKernels = model.network.kernels
    parameters = model.network.parameterCount
    mirroringAllowed = model.mirroringAllowed
    mirrorAxes = model.mirrorAxes
    self.folds = folds
    do {
      sha256 = try manifest.digest.hexadecimal
    } catch {
      throw ModelStoreError(.unreadable, "The manifest of '\(model.folder.path)' can't be written as JSON: \(error).")
    }
  }
}

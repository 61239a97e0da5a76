public import ModelPlans
public import ModelStore
public import Preprocessing
public import SlidingWindow
public import Volumes

/// What a trained model says about the way from an image to its label map, weights aside.
public struct CaseRecipe: Hashable, Sendable {
  public let preprocessing: PreprocessingPlan
  public let network: NetworkDescription
  public let export: ExportParameters
  public let rule: LabelRule
  /// For a cascade's second stage, labels of the first stage's segmentation that the network sees; else 0.
  public let previousClasses: Int
  /// Labels that can occur in a label map, ascending; 0 is background.
  public let labels: [Int]
  private let mirroring: Trainer.Mirroring
  private let trainerName: String

  /// - Throws: `InferenceError.Code.unsupportedModel`, or `PreprocessingError`, for a model that this version can't apply.
  public init(_ model: TrainedModel) throws {
    try self.init(plans: model.plans, stage: model.stage, trainer: model.trainer, network: model.network)
  }

  /// Of a model whose weights aren't there yet.
  /// - Throws: as the other one.
  public init(plans: Plans, stage: Int, trainer: Trainer, network: NetworkDescription) throws {
    previousClasses = trainer.isCascade ? plans.foregroundClasses : 0
    preprocessing = try PreprocessingPlan(plans: plans, stage: stage)
    self.network = network
    export = plans.exportParameters
    mirroring = trainer.mirroring
    trainerName = trainer.name
    if let order = trainer.regionsClassOrder {
      rule = .regions(
        order: try order.map {
          guard let label = UInt8(exactly: $0) else {
            throw InferenceError(
              .unsupportedModel, "Label maps hold labels from 0 to 255, the model's regions have the label \($0).")
          }
          return label
        })
      labels = Set(order + [0]).sorted()
    } else {
      rule = .largest
      labels = Array(0..<network.outputChannels)
    }
  }

  /// Input channels that an image must have.
  public var channels: Int { preprocessing.channels.count }

  /// The network's patch; one plane thick for a 2D network.
  public var patch: Extent { Extent(network.spatialAxes == 2 ? [1] + network.patch : network.patch) }

  public var window: TilePlan.Window { network.spatialAxes == 2 ? .slices : .volume }

  /// Where a preprocessed volume is cut into tiles.
  /// - Throws: `SlidingWindowError.Code.impossiblePlan`.
  public func tilePlan(for volume: Extent, stepSize: Double) throws -> TilePlan {
    try TilePlan(volume: volume, patch: patch, stepSize: stepSize, window: window)
  }

  /// The patch's axes along which patches are mirrored.
  /// - Throws: `InferenceError.Code.invalidOptions` when mirroring is wanted of a model that was trained without, as nnU-Net does.
  public func mirrorAxes(mirroring wanted: Bool) throws -> [Int] {
    guard wanted else { return [] }
    switch mirroring {
    case .allAxes: return Array(0..<network.spatialAxes)
    case .noAxes: return []
    case .notAllowed:
      throw InferenceError(
        .invalidOptions,
        "The model was trained by \(trainerName), without mirroring, so its predictions can't be averaged over mirrored "
          + "patches; pass --disable_tta.")
    }
  }
}

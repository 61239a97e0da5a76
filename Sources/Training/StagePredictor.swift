internal import Foundation
internal import Inference
internal import Kernels
internal import ModelStore
internal import NumpyFiles
internal import Preprocessing
internal import SlidingWindow
internal import TrainingData
internal import Volumes

/// Predicts preprocessed cases with a fold's checkpoint, as it lies on the disk.
struct StagePredictor {
  let recipe: CaseRecipe
  let pool: ComputePool
  private let predictor: TilePredictor
  private let setup: TrainingSetup

  init(_ fold: FoldFolder, checkpoint: CheckpointKeeper.Kind, threads: Int) throws {
    setup = fold.setup
    let model = try TrainedModel.open(
      folder: setup.modelFolder, folds: .named([fold.fold]), checkpoint: checkpoint.rawValue)
    recipe = try CaseRecipe(model)
    pool = ComputePool(threads: threads)
    predictor = try TilePredictor(
      model: model, options: InferenceOptions(folds: [fold.fold], mirroring: true, stepSize: FinalPredictions.stepSize),
      pool: pool)
  }

  func properties(of one: StageCase) -> CaseProperties {
    CaseProperties(
      originalExtent: one.cropping.originalExtent, originalSpacing: one.cropping.originalSpacing,
      cropBox: one.cropping.box, resampledExtent: one.volume.extent, spacingAfterResampling: one.spacing,
      transposeForward: recipe.preprocessing.transposeForward)
  }

  /// The label map on the image's grid.
  /// - Parameter probabilities: a folder with room for them, where they are to be kept.
  /// - Throws: `CancellationError` when it should stop.
  func segment(_ one: StageCase, probabilities: URL?, shouldStop: () -> Bool) throws -> SegmentedCase {
    try withTiles(of: one, shouldStop: shouldStop) { tiles, plan in
      try StitchStep(recipe: recipe).run(
        tiles: tiles, plan: plan, properties: properties(of: one), pool: pool, probabilitiesFolder: probabilities)
    }
  }

  /// The label map on another grid over the same part of the image: probabilities are stretched linearly along all axes.
  func segment(_ one: StageCase, on grid: Extent, shouldStop: () -> Bool) throws -> LabelVolume {
    let properties = CaseProperties(
      originalExtent: grid, originalSpacing: Spacing(z: 1, y: 1, x: 1),
      cropBox: VoxelBox(lower: Extent(z: 0, y: 0, x: 0), upper: grid), resampledExtent: one.volume.extent,
      spacingAfterResampling: Spacing(z: 1, y: 1, x: 1), transposeForward: .identity)
    let classes = recipe.network.outputChannels
    return try withTiles(of: one, shouldStop: shouldStop) { tiles, plan in
      let exporter = try Exporter(
        properties: properties, interpolation: ExportInterpolation(properties, parameters: recipe.export),
        classes: classes, rule: recipe.rule, pool: pool)
      try Stitcher(plan: plan, classes: classes).run(tiles: tiles, pool: pool) { try exporter.consume($0) }
      return try exporter.finish()
    }
  }

  private func withTiles<Result>(
    of one: StageCase, shouldStop: () -> Bool, _ body: (PredictedTiles<TilePredictor>, TilePlan) throws -> Result
  ) throws -> Result {
    let plan = try recipe.tilePlan(for: one.volume.extent, stepSize: FinalPredictions.stepSize)
    let extractor = try PatchExtractor(plan: plan, volume: one.volume, previous: try previous(of: one))
    return try withoutActuallyEscaping(shouldStop) { shouldStop in
      let tiles = PredictedTiles(extractor: extractor, predictor: predictor) { _ in
        if shouldStop() { throw CancellationError() }
      }
      return try body(tiles, plan)
    }
  }

  /// For a cascade's second stage, what the first left of the case.
  private func previous(of one: StageCase) throws -> PreviousLabels? {
    guard let folder = setup.previousStage else { return nil }
    let file = TrainingSetup.nextStageFile(of: one.name, in: folder)
    let archive = try ArrayArchive<UInt8>(reading: file.path, member: "data")
    guard archive.shape == one.volume.extent.lengths else {
      throw TrainingError(
        "\(file.path) has \(archive.shape) voxels, its case \(one.volume.extent); train 3d_lowres with these plans again."
      )
    }
    let labels = LabelVolume(extent: one.volume.extent)
    for (index, label) in archive.values.enumerated() { labels.elements[index] = label }
    return PreviousLabels(labels: labels, classes: recipe.previousClasses)
  }
}

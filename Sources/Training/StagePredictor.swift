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
  let memory: PredictionMemory
  private let predictor: TilePredictor
  /// Where tiles may lie.
  private let scratch: URL
  private let setup: TrainingSetup

  /// - Parameters:
  ///   - cases: that will be predicted.
  ///   - maxMemory: bytes that the process may take; `nil` for no limit.
  /// - Throws: `TrainingMemoryError` for a limit that is too low.
  init(
    _ fold: FoldFolder, checkpoint: CheckpointKeeper.Kind, cases: [PredictionMemory.Grid: [String]], threads: Int,
    maxMemory: Int?
  ) throws {
    setup = fold.setup
    scratch = fold.url
    let model = try TrainedModel.open(
      folder: setup.modelFolder, folds: .named([fold.fold]), checkpoint: checkpoint.rawValue)
    recipe = try CaseRecipe(model)
    memory = try PredictionMemory(setup, cases: cases, threads: threads, limit: maxMemory)
    try memory.check()
    pool = ComputePool(threads: threads)
    predictor = try TilePredictor(
      model: model, options: InferenceOptions(folds: [fold.fold], mirroring: true, stepSize: FinalPredictions.stepSize),
      pool: pool, engine: memory.engine)
  }

  /// The label map on the image's grid.
  /// - Parameter probabilities: a folder with room for them, where they are to be kept.
  /// - Throws: `CancellationError` when it should stop.
  func segment(_ one: StageCase, probabilities: URL?, shouldStop: () -> Bool) throws -> SegmentedCase {
    let properties = CaseProperties(one.properties, plan: recipe.preprocessing)
    let step = StitchStep(recipe: recipe, planes: try memory.planes(of: one.name, on: .image))
    return try withTiles(of: one, shouldStop: shouldStop) { tiles, plan in
      try step.run(
        tiles: tiles, plan: plan, properties: properties, pool: pool, probabilitiesFolder: probabilities)
    }
  }

  /// The label map on another grid over the same part of the image: probabilities are stretched linearly along all axes.
  func segment(_ one: StageCase, on grid: Extent, shouldStop: () -> Bool) throws -> LabelVolume {
    let properties = CaseProperties(one.volume.extent, on: grid)
    let classes = recipe.network.outputChannels
    let planes = try memory.planes(of: one.name, on: .nextStage)
    return try withTiles(of: one, shouldStop: shouldStop) { tiles, plan in
      let exporter = try Exporter(
        properties: properties, interpolation: ExportInterpolation(properties, parameters: recipe.export),
        classes: classes, rule: recipe.rule, pool: pool)
      try Stitcher(plan: plan, classes: classes, planes: planes).run(tiles: tiles, pool: pool) {
        try exporter.consume($0)
      }
      return try exporter.finish()
    }
  }

  private func withTiles<Result>(
    of one: StageCase, shouldStop: () -> Bool, _ body: (any TileSource, TilePlan) throws -> Result
  ) throws -> Result {
    let plan = try recipe.tilePlan(for: one.volume.extent, stepSize: FinalPredictions.stepSize)
    let extractor = try PatchExtractor(plan: plan, volume: one.volume, previous: try previous(of: one))
    return try withoutActuallyEscaping(shouldStop) { shouldStop in
      let willPredict: (TilePlan.Tile) throws -> Void = { _ in if shouldStop() { throw CancellationError() } }
      let tiles: any TileSource =
        memory.keepsTilesInFiles
        ? ScratchTiles(extractor: extractor, predictor: predictor, folder: scratch, willPredict: willPredict)
        : PredictedTiles(extractor: extractor, predictor: predictor, willPredict: willPredict)
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

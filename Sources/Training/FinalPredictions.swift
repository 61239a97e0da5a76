internal import Inference
internal import TrainingData

/// What is predicted once a fold's last epoch is over: its own cases for the validation and, by 3d_lowres, once more for the cascade.
///
/// How long that will take is told before it has begun by counting: each tile of each case goes through the network once for each mirroring,
/// and a validation batch, whose time the epochs measure, is `batchSize` such patches going forward. The inference engine is quicker than the
/// training engine's way forward, which transforms its weights for each batch, and that makes up for what isn't counted: resampling, writing
/// and measuring. For Task501's 3d_fullres that expects 45 seconds where 35 and 43 were taken; a 2D network so small that writing and measuring
/// take most of the time takes two to three times as long as expected. Earlier folds would tell it better where there are any, but the first
/// fold, and a trainer that gets another configuration each time, have none.
struct FinalPredictions: Hashable {
  /// Of all cases, those that are predicted twice counted twice.
  let tiles: Int
  /// Times that a tile goes through the network.
  let mirrorings: Int

  static let stepSize = 0.5

  /// Those that are to come after training, which leaves no older ones.
  /// - Throws: `TrainingDataError` for cases that can't be read.
  init(_ fold: FoldFolder, options: FoldTrainer.Options) throws {
    let cases = fold.split.validation
    try self.init(fold, cases: (options.validates ? cases : []) + (options.predictsNextStage(of: fold) ? cases : []))
  }

  /// - Parameter cases: names of preprocessed cases.
  /// - Throws: as the other one.
  init(_ fold: FoldFolder, cases: [String]) throws {
    let recipe = try fold.setup.recipe()
    mirrorings = 1 << (try recipe.mirrorAxes(mirroring: true)).count
    tiles = try cases.reduce(0) { sum, name in
      let extent = try StageCase.extent(of: name, in: fold.setup.stageFolder)
      return sum + (try recipe.tilePlan(for: extent, stepSize: Self.stepSize)).tileCount
    }
  }

  /// Validation batches that take as long.
  func batches(of batchSize: Int) -> Double { Double(tiles * mirrorings) / Double(batchSize) }
}

/// Tells how far predictions are, from tile to tile.
final class PredictionMeter {
  private let tiles: Int
  private let progress: (TrainingProgress) -> Void
  private let begun = ContinuousClock.now
  private var count = 0

  /// - Parameter tiles: that there will be.
  init(tiles: Int, progress: @escaping (TrainingProgress) -> Void) {
    self.tiles = tiles
    self.progress = progress
  }

  /// The next tile is begun.
  func next() {
    let done = min(count, tiles)
    count += 1
    let seconds = (ContinuousClock.now - begun) / .seconds(1)
    progress(
      TrainingProgress(
        phase: .predicting, epoch: 0, epochs: 0, iteration: done, iterations: tiles,
        secondsLeft: done > 0 ? seconds / Double(done) * Double(tiles - done) : nil))
  }
}

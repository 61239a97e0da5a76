public import FleetContracts
public import Foundation

/// Trains folds and chooses among configurations, in folders of nnU-Net's layout: what a trainer's thread does. Calls block.
public protocol TrainingPerforming: Sendable {
  /// Trains a fold, then validates it.
  ///
  /// Where the fold's folder holds a checkpoint it goes on from there, and ends with the same bits as a training that was never disturbed.
  /// - Parameters:
  ///   - epochDone: called after each epoch, when its checkpoint lies in the fold's folder.
  ///   - shouldStop: asked often. Once it says so, the state is saved and `CancellationError` is thrown.
  func train(
    _ fold: FoldWork, epochDone: @escaping (TrainingEpoch) throws -> Void,
    shouldStop: @escaping @Sendable () -> Bool) throws

  /// Chooses the best configuration of those whose folds lie in `results`.
  func select(_ spec: TrainingSpec, results: URL) throws -> TrainingSelection
}

/// A fold to be trained, and where its files are.
public struct FoldWork: Hashable, Sendable {
  public var spec: TrainingSpec
  public var configuration: String
  public var fold: Int
  /// What nnU-Net calls nnUNet_preprocessed.
  public var preprocessed: URL
  /// What nnU-Net calls RESULTS_FOLDER.
  public var results: URL

  public init(spec: TrainingSpec, configuration: String, fold: Int, preprocessed: URL, results: URL) {
    self.spec = spec
    self.configuration = configuration
    self.fold = fold
    self.preprocessed = preprocessed
    self.results = results
  }
}

/// What a selection has found.
public struct TrainingSelection: Sendable {
  /// A model of the best configuration, or of a pair's.
  public struct Winner: Sendable {
    public var configuration: String
    /// In nnU-Net's layout.
    public var folder: URL

    public init(configuration: String, folder: URL) {
      self.configuration = configuration
      self.folder = folder
    }
  }

  public var best: String
  public var candidates: [TrainingChoice.Candidate]
  /// One, or the two of a pair.
  public var winners: [Winner]

  public init(best: String, candidates: [TrainingChoice.Candidate], winners: [Winner]) {
    self.best = best
    self.candidates = candidates
    self.winners = winners
  }
}

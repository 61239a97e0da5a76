internal import Foundation
internal import LabelFolders
internal import NumpyFiles
internal import TrainingData

/// What a cascade's second stage is trained with: a 3d_lowres fold's label maps of its own validation cases, on the second stage's grid
/// (nnunet/training/cascade_stuff/predict_next_stage.py).
public struct NextStage {
  private let fold: FoldFolder
  private let predictor: StagePredictor

  /// - Throws: as `FoldValidation`.
  public init(_ fold: FoldFolder, threads: Int) throws {
    self.fold = fold
    predictor = try StagePredictor(fold, checkpoint: .final, threads: threads)
  }

  /// Cases that are predicted.
  /// - Parameter overwrites: also those that are there.
  static func pending(_ fold: FoldFolder, overwrites: Bool) -> [String] {
    fold.split.validation.filter {
      overwrites || !FileManager.default.fileExists(atPath: fold.setup.nextStageFile(of: $0).path)
    }
  }

  /// - Parameter cases: of the fold's validation.
  /// - Throws: `CancellationError` when it should stop.
  public func run(_ cases: [String], shouldStop: () -> Bool, progress: (String) -> Void) throws {
    let setup = fold.setup
    try FileWriting.makeFolder(setup.modelFolder.appending(path: TrainingSetup.nextStageFolder))
    let next = setup.stageFolder.deletingLastPathComponent()
      .appending(path: setup.stageFolder.lastPathComponent.dropLast("\(setup.stage)".count) + "\(setup.stage + 1)")
    for (index, name) in cases.enumerated() {
      progress("predicting \(name) for the cascade (\(index + 1) of \(cases.count))")
      let grid = try StageCase.extent(of: name, in: next)
      let labels = try predictor.segment(
        try StageCase(reading: name, in: setup.stageFolder), on: grid, shouldStop: shouldStop)
      try ArrayArchive<UInt8>(shape: grid.lengths, values: Array(labels.elements))
        .write(to: setup.nextStageFile(of: name).path, member: "data")
    }
  }
}

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
    predictor = try StagePredictor(fold, usesBest: false, threads: threads)
  }

  /// Whether a fold's label maps are all there.
  static func isThere(_ fold: FoldFolder) -> Bool {
    let folder = fold.setup.modelFolder.appending(path: TrainingSetup.nextStageFolder)
    return fold.split.validation.allSatisfy {
      FileManager.default.fileExists(atPath: TrainingSetup.nextStageFile(of: $0, in: folder).path)
    }
  }

  /// - Throws: `CancellationError` when it should stop.
  public func run(shouldStop: () -> Bool, progress: (String) -> Void) throws {
    let setup = fold.setup
    let folder = setup.modelFolder.appending(path: TrainingSetup.nextStageFolder)
    try FileWriting.makeFolder(folder)
    let next = setup.stageFolder.deletingLastPathComponent()
      .appending(path: setup.stageFolder.lastPathComponent.dropLast("\(setup.stage)".count) + "\(setup.stage + 1)")
    let cases = fold.split.validation
    for (index, name) in cases.enumerated() {
      progress("predicting \(name) for the cascade (\(index + 1) of \(cases.count))")
      let grid = try StageCase(reading: name, in: next).volume.extent
      let labels = try predictor.segment(
        try StageCase(reading: name, in: setup.stageFolder), on: grid, shouldStop: shouldStop)
      try ArrayArchive<UInt8>(shape: grid.lengths, values: Array(labels.elements))
        .write(to: TrainingSetup.nextStageFile(of: name, in: folder).path, member: "data")
    }
  }
}

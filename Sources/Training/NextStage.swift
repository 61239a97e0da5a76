internal import Foundation
internal import LabelFolders
internal import NumpyFiles
internal import TrainingData

/// What a cascade's second stage is trained with: a 3d_lowres fold's label maps of its own validation cases, on the second stage's grid
/// (nnunet/training/cascade_stuff/predict_next_stage.py).
public struct NextStage {
  private let fold: FoldFolder
  private let cases: [String]
  private let predictor: StagePredictor

  /// - Parameters:
  ///   - cases: of the fold's validation.
  ///   - maxMemory: bytes that the process may take; `nil` for no limit.
  /// - Throws: as `FoldValidation`.
  public init(_ fold: FoldFolder, cases: [String], threads: Int, maxMemory: Int? = nil) throws {
    self.fold = fold
    self.cases = cases
    predictor = try StagePredictor(
      fold, checkpoint: .final, cases: [.nextStage: cases], threads: threads, maxMemory: maxMemory)
  }

  /// Cases that are predicted.
  /// - Parameter overwrites: also those that are there.
  static func pending(_ fold: FoldFolder, overwrites: Bool) -> [String] {
    fold.split.validation.filter {
      overwrites || !FileManager.default.fileExists(atPath: fold.setup.nextStageFile(of: $0).path)
    }
  }

  /// - Throws: `CancellationError` when it should stop.
  public func run(shouldStop: () -> Bool, progress: (String) -> Void) throws {
    let setup = fold.setup
    try FileWriting.makeFolder(setup.modelFolder.appending(path: TrainingSetup.nextStageFolder))
    for (index, name) in cases.enumerated() {
      progress("predicting \(name) for the cascade (\(index + 1) of \(cases.count))")
      let grid = try StageCase.extent(of: name, in: setup.nextStageCases)
      let labels = try predictor.segment(
        try StageCase(reading: name, in: setup.stageFolder), on: grid, shouldStop: shouldStop)
      try ArrayArchive<UInt8>(shape: grid.lengths, values: Array(labels.elements))
        .write(to: setup.nextStageFile(of: name).path, member: "data")
    }
  }
}

internal import Foundation
internal import ModelSelection

extension FoldFolder {
  /// Removes what the fold's weights have predicted, since they are about to change: its validations, the postprocessing that was determined on
  /// them, and its label maps for a cascade.
  /// - Parameter forCascade: also where the fold is `all`, whose cases other folds may have predicted.
  func forgetPredictions(forCascade: Bool) {
    for folder in ValidationFolder.all(of: self) { folder.forget() }
    try? FileManager.default.removeItem(at: url.appending(path: Consolidation.rulesFile))
    guard setup.configuration == .lowResolution, fold != .all || forCascade else { return }
    for name in split.validation { try? FileManager.default.removeItem(at: setup.nextStageFile(of: name)) }
  }
}

internal import Foundation
internal import LabelFolders
internal import Postprocessing

/// Brings the validations of a model's folds together: one folder of all cases' predictions, their metrics, and the one postprocessing
/// that is determined on all of them (nnunet/postprocessing/consolidate_postprocessing.py, `consolidate_folds`).
public struct Consolidation: Sendable {
  public let model: CrossValidatedModel

  public init(of model: CrossValidatedModel) { self.model = model }

  static let rawFolder = "cv_niftis_raw"
  static let processedFolder = "cv_niftis_postprocessed"
  public static let rulesFile = "postprocessing.json"

  private func raw(in folder: URL) -> URL { folder.appending(path: Self.rawFolder) }
  private func rules(in folder: URL) -> URL { folder.appending(path: Self.rulesFile) }

  /// Where an earlier call, or nnU-Net, left what is asked for: below the output, else in the model's folder.
  private func finished(withRules: Bool) -> URL? {
    [model.output, model.folder].first { folder in
      let needed = [raw(in: folder).appending(path: Summary.fileName)] + (withRules ? [rules(in: folder)] : [])
      return needed.allSatisfy { FileManager.default.fileExists(atPath: $0.path) }
    }
  }

  /// The metrics of the predictions as they are, without postprocessing; made if they aren't there.
  /// - Parameters:
  ///   - determinesRules: also determines the postprocessing.
  ///   - remakes: doesn't look for what is there.
  ///   - threads: cases at a time.
  /// - Throws: `ModelSelectionError` or `LabelFolderError` for folds or cases that are missing or unreadable.
  func summary(determinesRules: Bool, remakes: Bool, threads: Int) throws -> (summary: Summary, folder: URL) {
    if !remakes, let folder = finished(withRules: determinesRules) {
      return (try Summary(reading: raw(in: folder).appending(path: Summary.fileName)), folder)
    }
    let summary = try evaluate(threads: threads)
    if determinesRules { try determine(summary, threads: threads) }
    return (summary, model.output)
  }

  /// Collects, evaluates and determines the rules anew (`nnUNet_determine_postprocessing`).
  /// - Throws: `ModelSelectionError` or `LabelFolderError` for folds or cases that are missing or unreadable.
  public func determineRules(threads: Int) throws -> DeterminedRules {
    try determine(try evaluate(threads: threads), threads: threads)
  }

  @discardableResult
  private func determine(_ summary: Summary, threads: Int) throws -> DeterminedRules {
    try RuleSearch(
      base: model.output, raw: Self.rawFolder, processed: Self.processedFolder, references: model.references
    ).run(summary, threads: threads)
  }

  private func evaluate(threads: Int) throws -> Summary {
    try model.checkFolds()
    // The mark of a finished consolidation goes first and comes back last.
    try? FileManager.default.removeItem(at: rules(in: model.output))
    try collect()
    let predictions = try LabelFolder(raw(in: model.output))
    let pairs = try LabelFolder.pairs(predictions: predictions, references: try LabelFolder(model.references))
    let first = model.folds.contains(0) ? 0 : model.folds[0]
    let ofFold = try Summary(reading: model.validation(fold: first).appending(path: Summary.fileName))
    let summary = Summary(
      of: try Self.whole(FolderEvaluation(of: pairs, labels: ofFold.labels, tolerance: nil, threads: threads)))
    try summary.write(to: predictions.path(of: Summary.fileName))
    return summary
  }

  /// An evaluation in which no case failed: a choice between models mustn't rest on some of the cases.
  /// - Throws: `ModelSelectionError` that names the cases.
  static func whole(_ evaluation: FolderEvaluation) throws -> FolderEvaluation {
    guard evaluation.failed.isEmpty else {
      throw ModelSelectionError(
        "Comparing needs every case, but these can't be evaluated: "
          + evaluation.failed.map { "\($0.name) (\($0.reason))" }.joined(separator: ", "))
    }
    return evaluation
  }

  /// Copies all folds' predictions into one folder, which appears whole.
  private func collect() throws {
    let target = raw(in: model.output)
    let temporary = model.output.appending(path: ".\(Self.rawFolder)-\(UUID().uuidString)")
    let files = FileManager.default
    try FileWriting.makeFolder(temporary)
    defer { try? files.removeItem(at: temporary) }
    do {
      for fold in model.folds {
        let folder = try LabelFolder(model.validation(fold: fold))
        for file in folder.files {
          let copy = temporary.appending(path: file)
          guard !files.fileExists(atPath: copy.path) else {
            throw ModelSelectionError(
              "The case \(file) is in the validation of more than one fold of \(model.folder.path); keep the right one."
            )
          }
          try files.copyItem(at: folder.path(of: file), to: copy)
        }
      }
      if files.fileExists(atPath: target.path) { try files.removeItem(at: target) }
      try files.moveItem(at: temporary, to: target)
    } catch let error as CocoaError {
      throw ModelSelectionError(
        "Collecting the folds' predictions in \(target.path) failed: \(error.localizedDescription) Give a folder that can be written "
          + "by -o.")
    }
  }
}

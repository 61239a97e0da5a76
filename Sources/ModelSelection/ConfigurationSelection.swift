public import Foundation
internal import LabelFolders

/// Finds the best configuration, or pair of configurations, of a task by cross-validation
/// (nnunet/evaluation/model_selection/figure_out_what_to_submit.py).
///
///     let selection = ConfigurationSelection(models: models, ensembles: true, determinesRules: true, threads: 4)
///     let result = try selection.run()
///     print(result.best.name, result.best.score)
///
/// Each configuration's folds are consolidated and their postprocessing determined; each pair's probabilities are averaged. The score is
/// the mean foreground Dice *without* postprocessing. What an earlier call left is used again, and so is what nnU-Net left.
public struct ConfigurationSelection: Sendable {
  /// Of one task, in the order in which they are named.
  public let models: [CrossValidatedModel]
  /// Whether pairs are averaged too.
  public let ensembles: Bool
  public let determinesRules: Bool
  /// Whether what is there is made again.
  public let remakes: Bool
  /// Cases at a time.
  public let threads: Int
  /// In the place of the folder that holds the configurations.
  public let outputRoot: URL

  /// - Parameter outputRoot: `nil` for the folder that holds the configurations.
  public init(
    models: [CrossValidatedModel], ensembles: Bool = true, determinesRules: Bool = true, remakes: Bool = false,
    outputRoot: URL? = nil, threads: Int
  ) throws {
    guard let first = models.first, models.allSatisfy({ $0.task == first.task }) else {
      throw ModelSelectionError("Comparing needs at least one configuration, and all of them of one task.")
    }
    self.models = models
    self.ensembles = ensembles
    self.determinesRules = determinesRules
    self.remakes = remakes
    self.threads = threads
    self.outputRoot = outputRoot ?? first.root
  }

  /// - Parameter progress: is told what is being done.
  /// - Throws: `ModelSelectionError` or `LabelFolderError` for folds or cases that are missing, or where no score can be formed.
  public func run(progress: (String) -> Void = { _ in }) throws -> SelectionResult {
    var candidates: [Candidate] = []
    for model in models {
      progress("consolidating \(model.configuration.rawValue)")
      let (summary, folder) = try Consolidation(of: model).summary(
        determinesRules: determinesRules, remakes: remakes, threads: threads)
      let file = folder.appending(path: Consolidation.rawFolder).appending(path: Summary.fileName)
      candidates.append(
        Candidate(
          kind: .single(model), summary: try withMean(summary, file: folder == model.output ? file : nil),
          rulesFile: determinesRules ? folder.appending(path: Consolidation.rulesFile) : nil))
    }
    for (index, first) in models.enumerated() where ensembles {
      for second in models.dropFirst(index + 1) {
        progress("averaging \(first.configuration.rawValue) and \(second.configuration.rawValue)")
        let pair = PairEnsemble(first: first, second: second, outputRoot: outputRoot)
        let summary = try pair.summary(determinesRules: determinesRules, remakes: remakes, threads: threads)
        let file = pair.output.appending(path: PairEnsemble.rawFolder).appending(path: Summary.fileName)
        candidates.append(
          Candidate(
            kind: .pair(pair), summary: try withMean(summary, file: file),
            rulesFile: determinesRules ? pair.rulesFile : nil))
      }
    }
    let result = try SelectionResult(task: models[0].task, candidates: candidates)
    try result.write(to: outputRoot.appending(path: "ensembles").appending(path: result.task))
    return result
  }

  /// With the mean over labels, which nnU-Net adds to the file.
  private func withMean(_ summary: Summary, file: URL?) throws -> Summary {
    let whole = summary.addingForegroundMean()
    if let file, whole != summary { try whole.write(to: file) }
    return whole
  }
}

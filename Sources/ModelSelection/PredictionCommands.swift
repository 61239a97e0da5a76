internal import Foundation
internal import ModelStore

/// How new cases are predicted by a candidate, as command lines with placeholders for folders.
public struct PredictionCommands: Sendable {
  private let candidate: Candidate
  private let trainer: String
  private let cascadeTrainer: String
  private let plans: String

  public init(for candidate: Candidate) {
    self.candidate = candidate
    func parts(_ model: CrossValidatedModel) -> [String] { model.trainerAndPlans.components(separatedBy: "__") }
    func trainer(of isCascade: Bool) -> String? {
      candidate.models.first { ($0.configuration == .cascade) == isCascade }.flatMap { parts($0).first }
    }
    self.trainer = trainer(of: false) ?? ModelLocation.defaultTrainer
    self.cascadeTrainer = trainer(of: true) ?? ModelLocation.defaultCascadeTrainer
    plans = candidate.models.first.flatMap { parts($0).last } ?? ModelLocation.defaultPlans
  }

  /// nnU-Net's own commands, a line each.
  public var nnunet: String {
    func predict(_ model: CrossValidatedModel, into folder: String) -> String {
      "nnUNet_predict -i FOLDER_WITH_TEST_CASES -o \(folder) -tr \(trainer) -ctr \(cascadeTrainer) "
        + "-m \(model.configuration.rawValue) -p \(plans) -t \(model.task)"
    }
    guard candidate.models.count > 1 else { return predict(candidate.models[0], into: "OUTPUT_FOLDER_MODEL1") + "\n" }
    let folders = candidate.models.indices.map { "OUTPUT_FOLDER_MODEL\($0 + 1)" }
    let predictions = zip(candidate.models, folders).map { predict($0, into: $1) + " -z\n" }
    let rules = candidate.rulesFile.map { " -pp \($0.path)" } ?? ""
    return predictions.joined()
      + "nnUNet_ensemble -f \(folders.joined(separator: " ")) -o OUTPUT_FOLDER\(rules)\n"
  }

  /// One `tessera predict`, which needs no folders of probabilities. A single model's rules are applied by themselves where they lie in
  /// its folder.
  public var tessera: String {
    let models = candidate.models
    var words = [
      "tessera", "predict", "-i", "FOLDER_WITH_TEST_CASES", "-o", "OUTPUT_FOLDER", "-t", models[0].task, "-m",
    ]
    words += models.map(\.configuration.rawValue)
    if trainer != ModelLocation.defaultTrainer { words += ["-tr", trainer] }
    if cascadeTrainer != ModelLocation.defaultCascadeTrainer { words += ["-ctr", cascadeTrainer] }
    if plans != ModelLocation.defaultPlans { words += ["-p", plans] }
    if models[0].folds != CrossValidatedModel.defaultFolds {
      words += ["-f"] + models[0].folds.map(String.init)
    }
    if let rules = candidate.rulesFile, models.count > 1 || rules.deletingLastPathComponent() != models[0].folder {
      words += ["-pp", rules.path]
    }
    return words.joined(separator: " ")
  }
}

public import Foundation
internal import Inference
internal import Kernels
internal import LabelFolders
internal import NiftiIO
internal import Pickles

/// Two models' validations, averaged: their probabilities, fold by fold, make the predictions of the pair
/// (nnunet/evaluation/model_selection/ensemble.py).
public struct PairEnsemble: Sendable {
  public let first: CrossValidatedModel
  public let second: CrossValidatedModel
  /// Below which the folder `ensembles` lies.
  public let outputRoot: URL

  static let rawFolder = "ensembled_raw"
  static let processedFolder = "ensembled_postprocessed"

  /// `ensemble_<configuration>__<trainer>__<plans>--<configuration>__<trainer>__<plans>`
  public var name: String {
    let members = [first, second].map { "\($0.configuration.rawValue)__\($0.trainerAndPlans)" }
    return "ensemble_" + members.joined(separator: "--")
  }

  /// Where the pair's predictions, metrics and postprocessing go.
  public var output: URL {
    outputRoot.appending(path: "ensembles").appending(path: first.task).appending(path: name)
  }

  public var rulesFile: URL { output.appending(path: Consolidation.rulesFile) }

  private struct Case: Sendable {
    var name: String
    /// For each model, the path of its `.npz` and `.pkl` without the ending.
    var members: [URL]
    /// A label map of the same image.
    var placed: URL
  }

  /// The metrics of the pair's predictions without postprocessing. What is there isn't made again.
  /// - Throws: `ModelSelectionError` or `LabelFolderError` for cases that are missing, unreadable or don't fit.
  func summary(determinesRules: Bool, remakes: Bool, threads: Int) throws -> Summary {
    let folder = output.appending(path: Self.rawFolder)
    let file = folder.appending(path: Summary.fileName)
    if remakes { try? FileManager.default.removeItem(at: output) }
    let exists = FileManager.default.fileExists(atPath: file.path)
    let summary = exists ? try Summary(reading: file) : try average(into: folder, threads: threads)
    if determinesRules, !FileManager.default.fileExists(atPath: rulesFile.path) {
      try RuleSearch(
        base: output, raw: Self.rawFolder, processed: Self.processedFolder, references: first.references
      ).run(summary, threads: threads)
      try publish()
    }
    return summary
  }

  private func average(into folder: URL, threads: Int) throws -> Summary {
    let cases = try cases()
    try FileWriting.makeFolder(folder)
    let results = ConcurrentCases.map(cases, threads: threads) { member, pool in
      let target = folder.appending(path: member.name + LabelFolder.suffix)
      guard !FileManager.default.fileExists(atPath: target.path) else { return }
      try average(member, into: target, scratch: folder, pool: pool)
    }
    let failures = zip(cases, results).compactMap { member, result in
      if case .failure(let error) = result { "\(member.name) (\(error))" } else { nil }
    }
    guard failures.isEmpty else {
      throw ModelSelectionError("Averaging \(name) failed for \(failures.joined(separator: ", "))")
    }
    let pairs = cases.map { member in
      let file = member.name + LabelFolder.suffix
      return LabelPair(
        name: file, prediction: folder.appending(path: file), reference: first.references.appending(path: file))
    }
    let evaluation = FolderEvaluation(of: pairs, labels: try labels(), tolerance: nil, threads: threads)
    let summary = Summary(
      of: try Consolidation.whole(evaluation), name: "\(first.task)__\(name)", task: first.task)
    try summary.write(to: folder.appending(path: Summary.fileName))
    return summary
  }

  private func average(_ member: Case, into target: URL, scratch: URL, pool: ComputePool) throws {
    let mean = try EnsembleMean(
      members: try member.members.map { try SoftmaxArchive.open($0.appendingPathExtension("npz"), scratch: scratch) })
    let pickle = try CasePickle(reading: member.members[0].appendingPathExtension("pkl"))
    let labels = try mean.decide(properties: pickle.properties, rule: pickle.rule, pool: pool)
    let geometry = try LabelMap.load(member.placed).geometry
    try LabelMap(labels: labels, geometry: geometry).write(to: target)
  }

  /// The labels that the plans know.
  private func labels() throws -> [Int] {
    let file = first.folder.appending(path: "plans.pkl")
    guard let data = FileManager.default.contents(atPath: file.path),
      let labels = try? Pickle.load(Array(data), policy: .plain)["all_classes"]?.elements?.compactMap(\.int),
      !labels.isEmpty
    else {
      throw ModelSelectionError(
        "Evaluating \(name) needs the labels in \(file.path), which isn't there or has none; expected the plans.pkl that nnU-Net wrote."
      )
    }
    return labels
  }

  /// The cases of all folds. Every prediction must have its probabilities, and both models the same cases in each fold.
  private func cases() throws -> [Case] {
    try [first, second].forEach { try $0.checkFolds() }
    return try first.folds.flatMap { fold in
      let (one, other) = (first.validation(fold: fold), second.validation(fold: fold))
      let names = try Self.probabilities(in: one)
      guard try Self.probabilities(in: other) == names else {
        throw ModelSelectionError(
          "Averaging \(name) needs the same cases in \(one.path) and \(other.path); run both validations again.")
      }
      return names.map { name in
        Case(
          name: name, members: [one, other].map { $0.appending(path: name) },
          placed: one.appending(path: name + LabelFolder.suffix))
      }
    }
  }

  /// The names of the cases with saved probabilities, sorted.
  private static func probabilities(in folder: URL) throws -> [String] {
    let advice = "run the validation again with nnUNet_train CONFIGURATION TRAINER TASK FOLD -val --npz"
    guard FileManager.default.fileExists(atPath: folder.appending(path: Summary.fileName).path) else {
      throw ModelSelectionError(
        "The validation in \(folder.path) is incomplete, it has no \(Summary.fileName); \(advice).")
    }
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    let names = files.filter { $0.hasSuffix(".npz") && !$0.hasPrefix(".") }.map { String($0.dropLast(4)) }.sorted()
    let predicted = try LabelFolder(folder).files.map { String($0.dropLast(LabelFolder.suffix.count)) }
      .filter { !$0.hasSuffix("noPostProcess") && !$0.hasSuffix("_postprocessed") }
    let missing = predicted.filter { !names.contains($0) }
    guard missing.isEmpty else {
      throw ModelSelectionError(
        "Averaging needs saved probabilities, but \(folder.path) lacks \(missing.map { $0 + ".npz" }.joined(separator: ", ")); \(advice)."
      )
    }
    return names
  }

  /// Copies the processed predictions' metrics to where nnU-Net collects those of all experiments.
  private func publish() throws {
    let file = output.appending(path: Self.processedFolder).appending(path: Summary.fileName)
    let summary = try Summary(reading: file).adding("experiment_name", name)
    try summary.write(to: file)
    let folder = outputRoot.appending(path: "summary_jsons")
    try FileWriting.makeFolder(folder)
    try summary.write(to: folder.appending(path: "\(first.task)__\(name).json"))
  }
}

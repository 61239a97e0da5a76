internal import Evaluation
public import Foundation
internal import Kernels
public import LabelFolders
internal import NiftiIO
public import Postprocessing
internal import PythonJSON
internal import Volumes

/// Which postprocessing improves predictions whose references are known, and by how much.
public struct DeterminedRules: Hashable, Sendable {
  public var rules: PostprocessingRules
  /// The mean Dice by label: as predicted, with all but the largest component of the foreground removed, and with all but the
  /// largest of each label removed then (empty for a single label).
  public var raw: [Int: Double]
  public var wholeForeground: [Int: Double]
  public var eachLabel: [Int: Double]
  public var cases: Int
}

/// Determines whether removing all but the largest component improves a folder of predictions
/// (nnunet/postprocessing/connected_components.py, `determine_postprocessing`).
///
/// First for the foreground as a whole: taken if the mean Dice of a label rises and that of none falls. Then, on top of it, for each
/// label: taken if its Dice rises. Each case is read once for the search, and once more to apply what was found.
public struct RuleSearch {
  /// Holds `raw`, and gets `processed` and `postprocessing.json`.
  let base: URL
  let raw: String
  let processed: String
  let references: URL

  /// - Parameters:
  ///   - base: the folder that holds `raw`, a folder of predictions, and gets `processed` and `postprocessing.json`.
  ///   - references: a folder with a label map for each prediction.
  public init(base: URL, raw: String, processed: String, references: URL) {
    self.base = base
    self.raw = raw
    self.processed = processed
    self.references = references
  }

  private struct Scores: Sendable {
    var wholeForeground: CaseEvaluation
    var eachLabel: CaseEvaluation
    var eachLabelOfWhole: CaseEvaluation
  }

  /// - Parameter summary: of the folder `raw`.
  /// - Throws: `ModelSelectionError` or `LabelFolderError` for cases that are missing or unreadable.
  @discardableResult
  public func run(_ summary: Summary, threads: Int) throws -> DeterminedRules {
    let labels = summary.labels.filter { $0 != 0 }
    guard !labels.isEmpty else {
      throw ModelSelectionError(
        "Determining postprocessing needs labels, but the \(Summary.fileName) in \(base.appending(path: raw).path) has none."
      )
    }
    let predictions = try LabelFolder(base.appending(path: raw))
    let pairs = predictions.files.map {
      LabelPair(name: $0, prediction: predictions.path(of: $0), reference: references.appending(path: $0))
    }
    let found = try search(pairs, labels: labels, raw: summary, threads: threads)
    try apply(found.rules, to: pairs, labels: labels, threads: threads)
    let notes: [String: JSONValue] = [
      "dc_per_class_raw": Self.note(found.raw), "dc_per_class_pp_all": Self.note(found.wholeForeground),
      "dc_per_class_pp_per_class": Self.note(found.eachLabel), "num_samples": .integer(found.cases),
      "validation_raw": .string(raw), "validation_final": .string(processed),
    ]
    try FileWriting.write(
      Array(found.rules.json(notes: notes)), to: base.appending(path: Consolidation.rulesFile))
    return found
  }

  private static func note(_ scores: [Int: Double]) -> JSONValue {
    .object(Dictionary(uniqueKeysWithValues: scores.map { (String($0.key), .float($0.value)) }))
  }

  private func search(
    _ pairs: [LabelPair], labels: [Int], raw summary: Summary, threads: Int
  ) throws -> DeterminedRules {
    let results = ConcurrentCases.map(pairs, threads: threads) { pair, pool in
      try Self.scores(pair, labels: labels, pool: pool)
    }
    let scores = try zip(pairs, results).map { pair, result in
      do {
        return try result.get()
      } catch {
        throw ModelSelectionError(
          "Determining postprocessing needs every case, but \(pair.name) can't be read: \(error)")
      }
    }
    func dice(_ evaluation: KeyPath<Scores, CaseEvaluation>) -> [Int: Double] {
      Dictionary(
        uniqueKeysWithValues: labels.map { label in
          (label, Means.ofValues(scores.map { $0[keyPath: evaluation].confusion(of: label)[.dice] }))
        })
    }
    let raw = Dictionary(uniqueKeysWithValues: labels.map { ($0, summary.dice(of: $0)) })
    let whole = dice(\.wholeForeground)
    // NaN, a label that no case has, neither rises nor falls.
    func value(_ scores: [Int: Double], _ label: Int) -> Double { scores[label] ?? .nan }
    var items: [PostprocessingRules.Item] = []
    if labels.contains(where: { value(whole, $0) > value(raw, $0) }),
      !labels.contains(where: { value(whole, $0) < value(raw, $0) })
    {
      items.append(.region(labels))
    }
    var each: [Int: Double] = [:]
    if labels.count > 1 {
      let before = items.isEmpty ? raw : whole
      each = dice(items.isEmpty ? \.eachLabel : \.eachLabelOfWhole)
      items += labels.filter { value(each, $0) > value(before, $0) }.map { .label($0) }
    }
    return DeterminedRules(
      rules: PostprocessingRules(items: items), raw: raw, wholeForeground: whole, eachLabel: each,
      cases: summary.caseCount)
  }

  private static func scores(_ pair: LabelPair, labels: [Int], pool: ComputePool) throws -> Scores {
    let prediction = try LabelMap.load(pair.prediction)
    let reference = try LabelMap.load(pair.reference).labels
    let spacing = prediction.geometry.spacing
    func evaluated(_ labels: LabelVolume) throws -> CaseEvaluation {
      try CaseEvaluation(prediction: labels, reference: reference, spacing: spacing, surfaces: nil, pool: pool)
    }
    let each = PostprocessingRules(items: labels.map { .label($0) })
    let eachLabel = prediction.labels.copied()
    try each.apply(to: eachLabel, spacing: spacing)
    let whole = prediction.labels
    try PostprocessingRules(items: [.region(labels)]).apply(to: whole, spacing: spacing)
    let wholeForeground = try evaluated(whole)
    try each.apply(to: whole, spacing: spacing)
    return Scores(
      wholeForeground: wholeForeground, eachLabel: try evaluated(eachLabel), eachLabelOfWhole: try evaluated(whole))
  }

  /// Writes the predictions with the rules applied, and their summary.
  private func apply(_ rules: PostprocessingRules, to pairs: [LabelPair], labels: [Int], threads: Int) throws {
    let folder = base.appending(path: processed)
    try FileWriting.makeFolder(folder)
    let jobs = pairs.map {
      FolderPostprocessing.Job(name: $0.name, input: $0.prediction, output: folder.appending(path: $0.name))
    }
    let outcome = FolderPostprocessing.apply(rules, to: jobs, threads: threads)
    guard outcome.failed.isEmpty else {
      throw ModelSelectionError(
        "Applying the postprocessing failed: "
          + outcome.failed.map { "\($0.name) (\($0.reason))" }.joined(separator: ", "))
    }
    let processed = pairs.map {
      LabelPair(name: $0.name, prediction: folder.appending(path: $0.name), reference: $0.reference)
    }
    let evaluation = FolderEvaluation(of: processed, labels: labels, tolerance: nil, threads: threads)
    try Summary(of: try Consolidation.whole(evaluation)).write(to: folder.appending(path: Summary.fileName))
  }
}

extension LabelVolume {
  /// The same labels in memory of their own.
  fileprivate func copied() -> LabelVolume {
    cropped(to: VoxelBox(lower: Extent(z: 0, y: 0, x: 0), upper: extent))
  }
}

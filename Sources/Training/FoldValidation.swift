internal import Foundation
internal import Inference
internal import Kernels
public import LabelFolders
internal import ModelSelection
internal import ModelStore
internal import NiftiIO
internal import Preprocessing
internal import SlidingWindow
internal import TrainingData
internal import Volumes

/// Predicts a fold's own validation cases with its trained weights, and evaluates them (nnUNetTrainer.validate): by the path of
/// `tessera predict`, from the preprocessed case on.
public struct FoldValidation {
  public struct Options: Sendable {
    /// Also keeps probabilities (`--npz`).
    public var savesProbabilities: Bool
    /// Whether cases are predicted again that are there. Those of another checkpoint always are.
    public var overwrites: Bool
    /// Name of the folder for predictions.
    public var folder: String
    /// Whether the postprocessing of this fold is determined.
    public var determinesRules: Bool
    /// With the best checkpoint instead of the final one.
    public var usesBest: Bool

    public init(
      savesProbabilities: Bool = false, overwrites: Bool = true, folder: String = "validation_raw",
      determinesRules: Bool = true, usesBest: Bool = false
    ) {
      self.savesProbabilities = savesProbabilities
      self.overwrites = overwrites
      self.folder = folder
      self.determinesRules = determinesRules
      self.usesBest = usesBest
    }

    var checkpoint: CheckpointKeeper.Kind { usesBest ? .best : .final }
  }

  private let fold: FoldFolder
  private let options: Options
  private let folder: ValidationFolder
  private let predictor: StagePredictor

  /// - Parameter maxMemory: bytes that the process may take; `nil` for no limit.
  /// - Throws: `ModelStoreError` without the checkpoint; `TrainingMemoryError` for a limit that is too low; what the engine throws for a network
  ///   that it can't run.
  public init(_ fold: FoldFolder, options: Options, threads: Int, maxMemory: Int? = nil) throws {
    self.fold = fold
    self.options = options
    folder = ValidationFolder(fold, named: options.folder)
    predictor = try StagePredictor(
      fold, checkpoint: options.checkpoint, cases: [.image: fold.split.validation], threads: threads,
      maxMemory: maxMemory)
  }

  /// The metrics of a validation that is complete with all that the options ask for; `nil` where something is missing.
  static func finished(_ fold: FoldFolder, options: Options) -> Summary? {
    var options = options
    options.overwrites = false
    let rules = fold.url.appending(path: Consolidation.rulesFile)
    guard pending(fold, options: options).isEmpty,
      !options.determinesRules || FileManager.default.fileExists(atPath: rules.path)
    else { return nil }
    return try? Summary(reading: ValidationFolder(fold, named: options.folder).summaryFile)
  }

  /// Cases that a validation with these options predicts.
  static func pending(_ fold: FoldFolder, options: Options) -> [String] {
    let folder = ValidationFolder(fold, named: options.folder)
    guard !options.overwrites, folder.isOf(options.checkpoint) else { return fold.split.validation }
    return fold.split.validation.filter { !folder.isThere($0, withProbabilities: options.savesProbabilities) }
  }

  private var references: URL { fold.setup.datasetFolder.appending(path: "gt_segmentations") }

  /// - Parameters:
  ///   - shouldStop: asked before each tile.
  ///   - progress: hears a sentence for each case.
  /// - Returns: the metrics of the predictions as they are.
  /// - Throws: `TrainingError`, and what the steps throw.
  public func run(shouldStop: () -> Bool, progress: (String) -> Void) throws -> Summary {
    let pending = Self.pending(fold, options: options)
    try FileWriting.makeFolder(folder.url)
    folder.removeMark()
    if pending == fold.split.validation { folder.forget() }
    try folder.writeArguments(options)
    for (index, name) in pending.enumerated() {
      progress("validating \(name) (\(index + 1) of \(pending.count))")
      try predict(name, shouldStop: shouldStop)
    }
    let threads = try predictor.memory.evaluationThreads(fold.split.validation)
    let summary = try evaluate(threads: threads)
    if options.determinesRules {
      progress("determining postprocessing")
      try RuleSearch(
        base: fold.url, raw: options.folder, processed: folder.processedName, references: references
      ).run(summary, threads: threads)
    }
    try copyReferences()
    try summary.write(to: folder.summaryFile)
    return summary
  }

  private func evaluate(threads: Int) throws -> Summary {
    let pairs = fold.split.validation.map { name in
      let file = name + LabelFolder.suffix
      return LabelPair(
        name: file, prediction: folder.url.appending(path: file), reference: references.appending(path: file))
    }
    let evaluation = FolderEvaluation(
      of: pairs, labels: Array(0..<fold.setup.network.outputChannels), tolerance: nil, threads: threads)
    guard evaluation.failed.isEmpty else {
      throw TrainingError(
        "Evaluating the validation failed for "
          + evaluation.failed.map { "\($0.name) (\($0.reason))" }.joined(separator: ", "))
    }
    return Summary(of: evaluation, name: "\(fold.setup.trainer.name) val tiled True", task: fold.setup.task)
  }

  private func predict(_ name: String, shouldStop: () -> Bool) throws {
    let one = try StageCase(reading: name, in: fold.setup.stageFolder)
    let segmented = try predictor.segment(
      one, probabilities: options.savesProbabilities ? folder.url : nil, shouldStop: shouldStop)
    let cropping = one.properties.cropping
    let geometry = try ImageGeometry(
      itkSpacing: cropping.itkSpacing, origin: cropping.itkOrigin, direction: cropping.itkDirection)
    if let probabilities = segmented.probabilities {
      try SoftmaxArchive.write(probabilities, to: folder.url.appending(path: "\(name).npz"), pool: predictor.pool)
      let pickle = CasePickle(
        properties: CaseProperties(one.properties, plan: predictor.recipe.preprocessing), itkOrigin: cropping.itkOrigin,
        itkSpacing: cropping.itkSpacing,
        itkDirection: cropping.itkDirection, files: cropping.files, rule: predictor.recipe.rule)
      try FileWriting.write(try pickle.encoded(), to: folder.url.appending(path: "\(name).pkl"))
    }
    // The mark of a case that is done.
    try LabelMap(labels: segmented.labels, geometry: geometry).write(
      to: folder.url.appending(path: name + LabelFolder.suffix))
  }

  /// The references of all cases, for comparing configurations later.
  private func copyReferences() throws {
    let target = fold.setup.modelFolder.appending(path: "gt_niftis")
    try FileWriting.makeFolder(target)
    for file in try LabelFolder(references).files {
      try FileWriting.write(
        Array(try Data(contentsOf: references.appending(path: file))), to: target.appending(path: file))
    }
  }
}

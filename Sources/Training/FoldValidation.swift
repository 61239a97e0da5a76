internal import Foundation
internal import Inference
internal import Kernels
public import LabelFolders
internal import ModelSelection
internal import ModelStore
internal import NiftiIO
internal import Preprocessing
internal import PythonJSON
internal import SlidingWindow
internal import TrainingData
internal import Volumes

/// Predicts a fold's own validation cases with its trained weights, and evaluates them (nnUNetTrainer.validate): by the path of
/// `tessera predict`, from the preprocessed case on.
public struct FoldValidation {
  public struct Options: Sendable {
    /// Also keeps probabilities (`--npz`).
    public var savesProbabilities: Bool
    /// Whether cases are predicted again that are there.
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
  }

  private let fold: FoldFolder
  private let options: Options
  private let predictor: StagePredictor
  private let threads: Int

  /// - Throws: `ModelStoreError` without the checkpoint; what the engine throws for a network that it can't run.
  public init(_ fold: FoldFolder, options: Options, threads: Int) throws {
    self.fold = fold
    self.options = options
    self.threads = threads
    predictor = try StagePredictor(fold, usesBest: options.usesBest, threads: threads)
  }

  /// The metrics of a validation that is complete with all that the options ask for; `nil` where something is missing.
  static func finished(_ fold: FoldFolder, options: Options) -> Summary? {
    let folder = fold.url.appending(path: options.folder)
    let isComplete = fold.split.validation.allSatisfy { isThere($0, in: folder, options: options) }
    return isComplete ? try? Summary(reading: folder.appending(path: Summary.fileName)) : nil
  }

  /// Cases that a validation with these options predicts.
  static func pending(_ fold: FoldFolder, options: Options) -> [String] {
    let folder = fold.url.appending(path: options.folder)
    return fold.split.validation.filter { options.overwrites || !isThere($0, in: folder, options: options) }
  }

  private var folder: URL { fold.url.appending(path: options.folder) }
  private var references: URL { fold.setup.datasetFolder.appending(path: "gt_segmentations") }

  /// - Parameters:
  ///   - shouldStop: asked before each tile.
  ///   - progress: hears a sentence for each case.
  /// - Returns: the metrics of the predictions as they are.
  /// - Throws: `TrainingError`, and what the steps throw.
  public func run(shouldStop: () -> Bool, progress: (String) -> Void) throws -> Summary {
    try FileWriting.makeFolder(folder)
    try writeArguments()
    let cases = fold.split.validation
    for (index, name) in cases.enumerated() {
      guard options.overwrites || !Self.isThere(name, in: folder, options: options) else { continue }
      progress("validating \(name) (\(index + 1) of \(cases.count))")
      try predict(name, shouldStop: shouldStop)
    }
    let pairs = cases.map { name in
      let file = name + LabelFolder.suffix
      return LabelPair(
        name: file, prediction: folder.appending(path: file), reference: references.appending(path: file))
    }
    let evaluation = FolderEvaluation(
      of: pairs, labels: Array(0..<fold.setup.network.outputChannels), tolerance: nil, threads: threads)
    guard evaluation.failed.isEmpty else {
      throw TrainingError(
        "Evaluating the validation failed for "
          + evaluation.failed.map { "\($0.name) (\($0.reason))" }.joined(separator: ", "))
    }
    let summary = Summary(
      of: evaluation, name: "\(fold.setup.trainer.name) val tiled True", task: fold.setup.task)
    try summary.write(to: folder.appending(path: Summary.fileName))
    if options.determinesRules {
      progress("determining postprocessing")
      try RuleSearch(
        base: fold.url, raw: options.folder, processed: options.folder + "_postprocessed", references: references
      ).run(summary, threads: threads)
    }
    try copyReferences()
    return summary
  }

  /// nnU-Net's `validation_args.json`.
  private func writeArguments() throws {
    let arguments: [String: JSONValue] = [
      "do_mirroring": .boolean(true), "use_sliding_window": .boolean(true), "step_size": .float(0.5),
      "save_softmax": .boolean(options.savesProbabilities), "use_gaussian": .boolean(true),
      "overwrite": .boolean(options.overwrites), "validation_folder_name": .string(options.folder),
      "debug": .boolean(false), "all_in_gpu": .boolean(false), "segmentation_export_kwargs": .null,
    ]
    try FileWriting.write(
      JSONValue.object(arguments).serialized(), to: folder.appending(path: "validation_args.json"))
  }

  private static func isThere(_ name: String, in folder: URL, options: Options) -> Bool {
    let suffixes = [LabelFolder.suffix] + (options.savesProbabilities ? [".npz", ".pkl"] : [])
    return suffixes.allSatisfy { FileManager.default.fileExists(atPath: folder.appending(path: name + $0).path) }
  }

  private func predict(_ name: String, shouldStop: () -> Bool) throws {
    let one = try StageCase(reading: name, in: fold.setup.stageFolder)
    let segmented = try predictor.segment(
      one, probabilities: options.savesProbabilities ? folder : nil, shouldStop: shouldStop)
    let cropping = one.cropping
    let geometry = try ImageGeometry(
      itkSpacing: cropping.itkSpacing, origin: cropping.itkOrigin, direction: cropping.itkDirection)
    if let probabilities = segmented.probabilities {
      try SoftmaxArchive.write(probabilities, to: folder.appending(path: "\(name).npz"), pool: predictor.pool)
      let pickle = CasePickle(
        properties: predictor.properties(of: one), itkOrigin: cropping.itkOrigin, itkSpacing: cropping.itkSpacing,
        itkDirection: cropping.itkDirection, files: cropping.files, rule: predictor.recipe.rule)
      try FileWriting.write(try pickle.encoded(), to: folder.appending(path: "\(name).pkl"))
    }
    // The mark of a case that is done.
    try LabelMap(labels: segmented.labels, geometry: geometry).write(
      to: folder.appending(path: name + LabelFolder.suffix))
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

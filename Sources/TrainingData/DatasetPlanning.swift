public import Foundation
public import Kernels
internal import ModelPlans
internal import Pickles
public import Planning
internal import Preprocessing
internal import Volumes

/// From raw images to plans and preprocessed cases, in nnU-Net's files and layout (nnUNet_plan_and_preprocess): either tool can go on
/// from where the other stopped.
///
/// Cases are worked through one after the other, each on all threads: no more than one is in memory.
public struct DatasetPlanning {
  /// `nnUNet_cropped_data/TASK`.
  public let croppedFolder: URL
  /// `nnUNet_preprocessed/TASK`.
  public let preprocessedFolder: URL
  private let dataset: RawDataset
  private let pool: ComputePool
  private let progress: (String) -> Void

  /// - Parameters:
  ///   - cropped: `nnUNet_cropped_data`.
  ///   - preprocessed: `nnUNet_preprocessed`.
  ///   - progress: hears a sentence for each step.
  public init(
    _ dataset: RawDataset, cropped: URL, preprocessed: URL, pool: ComputePool, progress: @escaping (String) -> Void
  ) {
    self.dataset = dataset
    croppedFolder = cropped.appending(path: dataset.task)
    preprocessedFolder = preprocessed.appending(path: dataset.task)
    self.pool = pool
    self.progress = progress
  }

  /// Crops all cases that aren't cropped yet, and takes the fingerprint.
  /// - Throws: as `CroppedCase`, and what writing throws.
  public func fingerprint() throws -> DatasetFingerprint {
    let files = FileManager.default
    for folder in [croppedFolder, preprocessedFolder] {
      try files.createDirectory(at: folder, withIntermediateDirectories: true)
    }
    try replace(dataset.folder.appending(path: "dataset.json"), at: croppedFolder.appending(path: "dataset.json"))
    try replace(dataset.folder.appending(path: "dataset.json"), at: preprocessedFolder.appending(path: "dataset.json"))
    for folder in [croppedFolder, preprocessedFolder] {
      let labels = folder.appending(path: "gt_segmentations")
      try files.createDirectory(at: labels, withIntermediateDirectories: true)
      for one in dataset.cases { try replace(one.label, at: labels.appending(path: one.label.lastPathComponent)) }
    }
    var collector = FingerprintCollector(modalities: dataset.modalities, classes: dataset.classes)
    for (index, raw) in dataset.cases.enumerated() {
      progress("cropping \(raw.name) (\(index + 1) of \(dataset.cases.count))")
      let one: CroppedCase
      if CroppedCase.isThere(raw.name, in: croppedFolder) {
        one = try CroppedCase(reading: raw.name, in: croppedFolder)
      } else {
        one = try CroppedCase(cropping: raw)
        try one.write(to: croppedFolder)
      }
      collector.add(one)
    }
    let fingerprint = collector.fingerprint
    let bytes = Data(try PickleWriter.write(fingerprint.pickle))
    for folder in [croppedFolder, preprocessedFolder] {
      try bytes.write(to: folder.appending(path: "dataset_properties.pkl"), options: .atomic)
    }
    if let intensities = fingerprint.intensitiesPickle {
      try Data(try PickleWriter.write(intensities)).write(
        to: croppedFolder.appending(path: "intensityproperties.pkl"), options: .atomic)
    }
    return fingerprint
  }

  /// Writes the plans as `nnUNetPlansv2.1_plans_3D.pkl` or `…_2D.pkl`, and into the cropped cases' properties whether normalisation looks
  /// at the nonzero part.
  /// - Parameter identifier: nnU-Net's `-overwrite_plans_identifier`: the name's first part.
  /// - Throws: what writing throws.
  @discardableResult
  public func write(_ plan: ExperimentPlan, identifier: String = "nnUNetPlansv2.1") throws -> URL {
    let url = preprocessedFolder.appending(path: "\(identifier)_plans_\(plan.dimensions.rawValue).pkl")
    try Data(try PickleWriter.write(pickle(plan))).write(to: url, options: .atomic)
    for raw in dataset.cases {
      let file = croppedFolder.appending(path: "\(raw.name).pkl")
      try CroppedProperties(reading: file).write(file, usesMask: plan.usesMask)
    }
    return url
  }

  /// Preprocesses all cases for all stages of `plans`; each cropped case is read once.
  /// - Throws: `PreprocessingError`, `PlansError`, and what reading and writing throw.
  public func preprocess(_ plans: [ExperimentPlan]) throws {
    let stages = try plans.flatMap { try self.stages(of: $0) }
    for (index, raw) in dataset.cases.enumerated() {
      let cropped = try CroppedCase(reading: raw.name, in: croppedFolder)
      for stage in stages {
        progress("\(stage.folder.lastPathComponent): \(raw.name) (\(index + 1) of \(dataset.cases.count))")
        let one = try stage.preprocessor.run(
          image: cropped.volume, labels: cropped.labels, spacing: cropped.properties.cropping.originalSpacing,
          pool: pool)
        try write(one, of: cropped, usesMask: stage.usesMask, to: stage.folder)
      }
    }
  }

  private struct Stage {
    var folder: URL
    var preprocessor: TrainingPreprocessor
    var usesMask: [Bool]
  }

  private func stages(of plan: ExperimentPlan) throws -> [Stage] {
    let plans = try Plans(pickle: pickle(plan))
    return try plans.stages.keys.sorted().map { number in
      let folder = preprocessedFolder.appending(path: "\(plan.dataIdentifier)_stage\(number)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      return Stage(
        folder: folder, preprocessor: TrainingPreprocessor(plan: try PreprocessingPlan(plans: plans, stage: number)),
        usesMask: plan.usesMask)
    }
  }

  private func write(_ one: TrainingCase, of cropped: CroppedCase, usesMask: [Bool], to folder: URL) throws {
    try TrainingArchive(volume: one.volume, labels: one.labels).write(folder.appending(path: "\(cropped.name).npz"))
    let locations = ClassLocations(of: one.labels, classes: dataset.classes)
    let entries: [(String, PickleValue)] = [
      ("size_after_resampling", .integerTuple(one.volume.extent.lengths)),
      ("spacing_after_resampling", .doubleArray(one.spacing.millimetres)),
      ("class_locations", locations.pickle),
    ]
    try CroppedProperties.write(
      cropped.properties.entries(usesMask: usesMask) + entries, to: folder.appending(path: "\(cropped.name).pkl"))
  }

  private func pickle(_ plan: ExperimentPlan) -> PickleValue {
    plan.pickle(croppedFolder: croppedFolder.path, preprocessedFolder: preprocessedFolder.path)
  }

  private func replace(_ source: URL, at target: URL) throws {
    try? FileManager.default.removeItem(at: target)
    try FileManager.default.copyItem(at: source, to: target)
  }
}

extension ClassLocations {
  /// By label: an int64 array `[voxel, 3]`, an empty list for an absent label.
  var pickle: PickleValue {
    .byInteger(
      zip(classes, locations).map { label, places in
        let bytes = places.flatMap { place in
          [place.0, place.1, place.2].flatMap { withUnsafeBytes(of: Int64($0).littleEndian) { Array($0) } }
        }
        let array = NumpyArray(type: .int64, shape: [places.count, 3], data: bytes)
        return (label, places.isEmpty ? .list([]) : array.map(PickleValue.array) ?? .list([]))
      }, isOrdered: true)
  }
}

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

  /// Writes the plans, and into the cropped cases' properties whether normalisation looks at the nonzero part. The plans become `nnUNetPlansv2.1_plans_3D.pkl` or `…_2D.pkl`.
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

  /// Preprocesses all cases for all stages of `plan`.
  /// - Throws: `PreprocessingError`, `PlansError`, and what reading and writing throw.
  public func preprocess(_ plan: ExperimentPlan) throws {
    let plans = try Plans(pickle: pickle(plan))
    for stage in plans.stages.keys.sorted() {
      let folder = preprocessedFolder.appending(path: "\(plan.dataIdentifier)_stage\(stage)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let preprocessor = TrainingPreprocessor(plan: try PreprocessingPlan(plans: plans, stage: stage))
      for (index, raw) in dataset.cases.enumerated() {
        progress("\(plan.dataIdentifier)_stage\(stage): \(raw.name) (\(index + 1) of \(dataset.cases.count))")
        let cropped = try CroppedCase(reading: raw.name, in: croppedFolder)
        let one = try preprocessor.run(
          image: cropped.volume, labels: cropped.labels, spacing: cropped.properties.spacing, pool: pool)
        try write(one, of: cropped, plan: plan, to: folder)
      }
    }
  }

  private func write(_ one: TrainingCase, of cropped: CroppedCase, plan: ExperimentPlan, to folder: URL) throws {
    try TrainingArchive(volume: one.volume, labels: one.labels).write(folder.appending(path: "\(cropped.name).npz"))
    let locations = ClassLocations(of: one.labels, classes: dataset.classes)
    let entries: [(String, PickleValue)] = [
      ("size_after_resampling", .tuple(one.volume.extent.lengths.map { .integer(Int64($0)) })),
      ("spacing_after_resampling", .array(NumpyArray(doubles: one.spacing.millimetres))),
      ("class_locations", locations.pickle),
    ]
    try CroppedProperties.write(
      cropped.properties.entries(usesMask: plan.usesMask) + entries, to: folder.appending(path: "\(cropped.name).pkl"))
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
    .dictionary(
      PickleDictionary(
        entries: zip(classes, locations).map { label, places in
          let value: PickleValue =
            places.isEmpty
            ? .list([])
            : NumpyArray(
              type: .int64, shape: [places.count, 3],
              data: places.flatMap { place in
                [place.0, place.1, place.2].flatMap { value in
                  withUnsafeBytes(of: Int64(value).littleEndian) { Array($0) }
                }
              }
            ).map(PickleValue.array) ?? .list([])
          return .init(key: .integer(Int64(label)), value: value)
        }, isOrderedDict: true))
  }
}

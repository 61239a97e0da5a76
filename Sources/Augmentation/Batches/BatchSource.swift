public import Foundation
internal import RandomStreams
internal import Volumes

/// Makes batches of a fold: patches of preprocessed cases, augmented for training, as they are for validation.
///
/// A batch is a function of the seed, the cases and its index, whoever makes it and whenever: each item draws its numbers from a stream of
/// its own. Any number of threads may ask at once.
public final class BatchSource: Sendable {
  public let settings: BatchSettings
  public let seed: UInt64
  private let training: [MappedCase]
  private let validation: [MappedCase]

  /// Maps the cases; archives are unpacked beside themselves first, one after the other, where that hasn't been done.
  /// - Parameters:
  ///   - folder: a stage's, with `CASE.npz` and `CASE.pkl`.
  ///   - training: names of cases; their order doesn't matter.
  ///   - validation: may be empty where no validation batch is asked for.
  ///   - previousStage: for a cascade: the folder with `CASE_segFromPrevStage.npz`.
  /// - Throws: `AugmentationError`.
  public init(
    folder: URL, training: [String], validation: [String], previousStage: URL? = nil, settings: BatchSettings,
    seed: UInt64
  ) throws {
    guard !training.isEmpty else { throw AugmentationError("There is no training case; check the fold's split.") }
    guard settings.previousStageLabels.isEmpty == (previousStage == nil) else {
      throw AugmentationError("A cascade needs the labels and the folder of its first stage; give both.")
    }
    self.settings = settings
    self.seed = seed
    var known: [String: MappedCase] = [:]
    func cases(_ names: [String]) throws -> [MappedCase] {
      try names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { name in
        let one =
          try known[name]
          ?? MappedCase(name, in: folder, channels: settings.imageChannels, previousStage: previousStage)
        known[name] = one
        return one
      }
    }
    self.training = try cases(training)
    self.validation = try cases(validation)
  }

  /// - Throws: `AugmentationError`, and `PreprocessingError` for infinite voxels.
  public func batch(_ index: BatchIndex) throws -> TrainingBatch {
    let cases = index.phase == .training ? training : validation
    guard !cases.isEmpty else { throw AugmentationError("There is no validation case; check the fold's split.") }
    let patch = settings.patch
    var names: [String] = []
    var targets = settings.targetExtents.map { extent in
      var labels: [UInt8] = []
      labels.reserveCapacity(settings.batchSize * extent.count)
      return labels
    }
    var images: [Float] = []
    images.reserveCapacity(settings.batchSize * settings.inputChannels * patch.count)
    for item in 0..<settings.batchSize {
      let made = try sample(index, item: item, of: cases)
      names.append(made.name)
      images.append(contentsOf: made.sample.image.elements)
      for mask in made.masks { images.append(contentsOf: mask.elements.lazy.map(Float.init)) }
      let labels = made.sample.labels[0].elements.map(OutsideMask.withoutOutside)
      for (scale, extent) in settings.targetExtents.enumerated() {
        targets[scale].append(contentsOf: try TargetPyramid.resize(labels, extent: patch, to: extent))
      }
    }
    return TrainingBatch(
      index: index, cases: names, images: images, channels: settings.inputChannels, extent: patch, targets: targets,
      targetExtents: settings.targetExtents)
  }

  private func sample(
    _ index: BatchIndex, item: Int, of cases: [MappedCase]
  ) throws -> (name: String, sample: Sample, masks: [LabelVolume]) {
    var random = RandomStream(seed: seed, index: index, item: item, purpose: .parameters)
    let isTraining = index.phase == .training
    let size = isTraining ? settings.generatorPatch : settings.patch
    let sampler = PatchSampler(size: size, patch: settings.patch, isFlat: settings.isFlat)
    let choice = sampler.draw(
      from: &random, extents: cases.map(\.extent), locations: { cases[$0].locations },
      isForced: item >= settings.firstForcedItem)
    let one = cases[choice.place]
    let recipe =
      isTraining ? AugmentationRecipe(drawingFrom: &random, for: settings) : AugmentationRecipe.nothing
    let sample: Sample
    if let spatial = recipe.spatial {
      sample = spatial.apply(to: try one.cut(at: choice.start, size))
    } else {
      let offset = SpatialTransform.centre(of: size, patch: settings.patch)
      sample = try one.cut(at: zip(choice.start, offset).map { $0 + $1 }, settings.patch)
    }
    var noise = RandomStream(seed: seed, index: index, item: item, purpose: .noise)
    try recipe.applyToValues(of: sample, noise: &noise)
    if isTraining { OutsideMask(usesMask: settings.usesMask).apply(to: sample) }
    let masks =
      settings.previousStageLabels.isEmpty
      ? []
      : PreviousStage(labels: settings.previousStageLabels, operators: recipe.binaryOperators)
        .masks(of: sample.labels[1])
    return (one.name, sample, masks)
  }
}

import Foundation
import Kernels
import ModelStore
import NiftiIO
import SlidingWindow
import Testing
import UNet
import Volumes

@testable import Inference

/// A case of which nnU-Net's own answer is at hand.
struct AgreementCase: Sendable, CustomTestStringConvertible {
  var name: String
  var model: URL
  var folds: FoldSelection
  var mirroring: Bool
  var stepSize = 0.5
  var images: [URL]
  /// nnU-Net's label map.
  var labels: URL
  /// nnU-Net's probabilities, where it kept them.
  var probabilities: URL?

  var testDescription: String { name }
}

/// How far our answer is from nnU-Net's.
struct AgreementReport: CustomStringConvertible {
  var name: String
  var voxels = 0
  var differing = 0
  var dice: [(label: Int, dice: Double)] = []
  /// Of the probabilities, both rounded to float16 as nnU-Net writes them; `nil` without an expected file.
  var difference: (maximum: Double, mean: Double)?
  var sameExtent = true
  var seconds = 0.0

  var equalShare: Double { 1 - Double(differing) / Double(max(voxels, 1)) }

  var description: String {
    let dices = dice.map { "\($0.label): \(Self.rounded($0.dice, 6))" }.joined(separator: ", ")
    let differences =
      difference.map { "max \(Self.rounded($0.maximum, 7)), mean \(Self.rounded($0.mean, 10))" }
      ?? "no probabilities kept"
    return "\(name): \(Self.rounded(100 * equalShare, 5)) % of labels equal (\(differing) of \(voxels) differ); "
      + "probabilities \(differences); Dice \(dices); \(Self.rounded(seconds, 1)) s"
  }

  private static func rounded(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
}

extension AgreementCase {
  /// Segments the case, from files to label map and archive.
  func segment(
    threads: Int, folder: URL, engine: EngineChoice
  ) throws -> (result: SegmentedCase, image: MedicalImage) {
    let model = try TrainedModel.open(folder: self.model, folds: folds)
    let recipe = try CaseRecipe(model)
    let options = InferenceOptions(folds: model.folds, mirroring: mirroring, stepSize: stepSize)
    let pool = ComputePool(threads: threads)
    let image = try MedicalImage.load(channels: images)
    let prepared = try PrepareStep(recipe: recipe, stepSize: options.stepSize)
      .run(image: image.voxels, spacing: image.spacing, pool: pool)
    let predictor = try TilePredictor(model: model, options: options, pool: pool, engine: EngineRequest(engine))
    let tiles = PredictedTiles(
      extractor: try prepared.extractor(), predictor: predictor)
    let result = try StitchStep(recipe: recipe).run(
      tiles: tiles, plan: prepared.plan, properties: prepared.properties, pool: pool, probabilitiesFolder: folder)
    return (result, image)
  }

  func compare(threads: Int, folder: URL, engine: EngineChoice) throws -> AgreementReport {
    let clock = ContinuousClock()
    let start = clock.now
    let (result, image) = try segment(threads: threads, folder: folder, engine: engine)
    var report = AgreementReport(name: "\(name) \(engine.rawValue)")
    report.seconds = (clock.now - start) / .seconds(1)

    let file = folder.appending(path: "\(UUID().uuidString).nii.gz")
    try LabelMap(labels: result.labels, geometry: image.geometry).write(to: file)
    let ours = try LabelMap.load(file)
    let expected = try LabelMap.load(labels)
    report.sameExtent = ours.labels.extent == expected.labels.extent && ours.geometry.agrees(with: expected.geometry)
    guard ours.labels.extent == expected.labels.extent else { return report }
    report.compare(labels: ours.labels, with: expected.labels)

    if let url = probabilities {
      let archive = folder.appending(path: "\(UUID().uuidString).npz")
      guard let kept = result.probabilities else { return report }
      try SoftmaxArchive.write(kept, to: archive)
      report.compare(
        try SoftmaxArchive.open(archive, scratch: folder), with: try SoftmaxArchive.open(url, scratch: folder))
    }
    return report
  }
}

extension AgreementReport {
  mutating func compare(labels ours: LabelVolume, with expected: LabelVolume) {
    var both = [Int](repeating: 0, count: 256)
    var sizes = both
    for (label, other) in zip(ours.elements, expected.elements) {
      sizes[Int(label)] += 1
      sizes[Int(other)] += 1
      if label == other { both[Int(label)] += 1 } else { differing += 1 }
    }
    voxels = ours.extent.count
    dice = (1..<256).filter { sizes[$0] > 0 }.map { ($0, 2 * Double(both[$0]) / Double(sizes[$0])) }
    withExtendedLifetime((ours, expected)) {}
  }

  mutating func compare(_ ours: ProbabilityMap, with expected: ProbabilityMap) {
    guard ours.extent == expected.extent, ours.channels == expected.channels else {
      sameExtent = false
      return
    }
    var (maximum, sum) = (0.0, 0.0)
    let count = ours.channels * ours.extent.count
    for index in 0..<count {
      let difference = abs(Double(ours.value(at: index)) - Double(expected.value(at: index)))
      maximum = max(maximum, difference)
      sum += difference
    }
    difference = (maximum, sum / Double(count))
  }
}

extension ImageGeometry {
  /// Whether SimpleITK would report the same spacing, origin and direction, up to float32's rounding in the header.
  func agrees(with other: ImageGeometry) -> Bool {
    let pairs =
      zip(itkSpacing + itkOrigin + itkDirection, other.itkSpacing + other.itkOrigin + other.itkDirection)
    return pairs.allSatisfy { abs($0 - $1) <= 1e-5 * max(1, abs($1)) }
  }
}

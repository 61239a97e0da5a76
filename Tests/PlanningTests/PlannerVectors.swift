import Foundation
import Planning
import Testing
import Testkit

/// Fingerprints and nnU-Net 1.7.1's own plans for them (Tests/Peers/oracle_planner.py).
struct PlannerVector: Decodable, Sendable, CustomTestStringConvertible {
  struct Fingerprint: Decodable, Sendable {
    var sizes: [[Int]]
    var spacings: [[Double]]
    var reductions: [Double]
    var modalities: [String]
    var classes: [Int]
    var features: Int
    var memory: Double
    /// How often the only case is there.
    var `repeat`: Int?
  }

  struct Plan: Decodable, Sendable {
    var schemes: [String]
    var masks: [Bool]
    var forward: [Int]
    var backward: [Int]
    var stages: [Stage]
  }

  struct Stage: Decodable, Sendable, Hashable {
    var batch: Int
    var poolings: [Int]
    var patch: [Int]
    var median: [Int]
    var spacing: [Double]
    var original: [Double]
    var flat: Bool
    var pools: [[Int]]
    var kernels: [[Int]]
  }

  var fingerprint: Fingerprint
  /// `nil` where nnU-Net gives up.
  var three: Plan?
  var two: Plan?

  var testDescription: String { "\(fingerprint.sizes[0]) at \(fingerprint.spacings[0]) mm" }

  var settings: PlannerSettings {
    PlannerSettings(baseFeatures: fingerprint.features, memoryTarget: fingerprint.memory)
  }

  var dataset: DatasetFingerprint {
    let cases = (0..<(fingerprint.repeat ?? fingerprint.sizes.count)).map { number in
      let index = fingerprint.repeat == nil ? number : 0
      return CaseFingerprint(
        name: "case_\(number)", extent: fingerprint.sizes[index], spacing: fingerprint.spacings[index],
        sizeReduction: fingerprint.reductions[index])
    }
    return DatasetFingerprint(cases: cases, modalities: fingerprint.modalities, classes: fingerprint.classes)
  }

  static let all: [PlannerVector] = {
    do {
      let file = Fixtures.directory.appending(path: "plans/planner.json")
      return try JSONDecoder().decode([PlannerVector].self, from: try Data(contentsOf: file))
    } catch {
      Issue.record(error)
      return []
    }
  }()
}

extension PlannerVector.Stage {
  init(_ stage: PlannedStage) {
    self.init(
      batch: stage.batchSize, poolings: stage.poolings, patch: stage.patch, median: stage.medianExtent,
      spacing: stage.currentSpacing, original: stage.originalSpacing, flat: stage.augmentsSlices,
      pools: stage.poolKernels, kernels: stage.convolutionKernels)
  }
}

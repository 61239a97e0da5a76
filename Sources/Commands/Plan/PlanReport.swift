internal import Foundation
internal import Planning

/// What `tessera plan --json` prints for each plans file.
struct PlanReport: Encodable {
  struct Stage: Encodable {
    var configuration: String
    var patch: [Int]
    var batchSize: Int
    var spacing: [Double]
    var medianExtent: [Int]
    var poolKernels: [[Int]]
    var convolutionKernels: [[Int]]
    var reasons: [String]
  }

  var file: String
  var targetSpacing: [Double]
  var transposeForward: [Int]
  var normalizationSchemes: [String]
  var usesMask: [Bool]
  var stages: [Stage]
  var reasons: [String]

  init(_ plan: ExperimentPlan, file: URL) {
    self.file = file.path
    targetSpacing = plan.targetSpacing
    transposeForward = plan.transposeForward
    normalizationSchemes = plan.normalizationSchemes
    usesMask = plan.usesMask
    reasons = plan.reasons
    stages = plan.stages.enumerated().map { index, stage in
      Stage(
        configuration: plan.configuration(ofStage: index), patch: stage.patch, batchSize: stage.batchSize,
        spacing: stage.currentSpacing, medianExtent: stage.medianExtent, poolKernels: stage.poolKernels,
        convolutionKernels: stage.convolutionKernels, reasons: stage.reasons)
    }
  }
}

extension ExperimentPlan {
  /// nnU-Net's name of the configuration that a stage is for.
  func configuration(ofStage index: Int) -> String {
    if dimensions == .two { return "2d" }
    return index == stages.count - 1 ? "3d_fullres" : "3d_lowres"
  }
}

import Foundation
import Kernels
import ModelPlans
import Preprocessing
import Testing
import Testkit
import Volumes

/// What nnU-Net's own preprocessors made of small random images (`Tests/Peers/oracle_preprocessors.py`).
@Suite struct PreprocessorVariantTests {
  private struct Case: Decodable, CustomTestStringConvertible, Sendable {
    var name: String
    var preprocessor: String
    /// The file `<image>.f32`, `[channel, z, y, x]`.
    var image: String
    var channels: Int
    var extent: [Int]
    /// mm, z, y, x.
    var spacing: [Double]
    /// mm, transposed; the first one may be left open.
    var target: [Double?]
    var transpose: [Int]
    var schemes: [String]
    var masks: [Bool]
    /// Extent of the result, transposed.
    var result: [Int]
    /// Of the result's rows and columns, every so-manieth is in `<name>.f32`.
    var steps: [Int]
    /// mm; none where nnU-Net leaves it open.
    var spacingAfter: [Double]?

    var testDescription: String { "\(name): \(preprocessor)" }

    var plans: Plans {
      // `PROPERTIES` of the script; mean and sd are float32 there.
      let properties = IntensityProperties(
        mean: 90.25, sd: 41.5, percentile00_5: 30.1, percentile99_5: 170.7)
      let isFlat = preprocessor.contains("2D") || preprocessor.contains("uint8")
      let stage = PlansStage(
        patch: isFlat ? [8, 8] : [8, 8, 8], currentSpacing: target.map { $0 ?? 0 },
        poolKernels: [isFlat ? [2, 2] : [2, 2, 2]], convolutionKernels: [])
      return Plans(
        channelCount: channels, normalizationSchemes: schemes, useMaskForNormalization: masks,
        intensityProperties: [IntensityProperties?](repeating: properties, count: channels), foregroundClasses: 1,
        baseFeatures: 8, transposeForward: transpose, stages: [0: stage], preprocessorName: preprocessor)
    }
  }

  private static let directory = Fixtures.directory.appending(path: "preprocessors")

  private static let cases: [Case] =
    (try? JSONDecoder().decode([Case].self, from: Data(contentsOf: directory.appending(path: "cases.json")))) ?? []

  private func floats(_ name: String) throws -> [Float] {
    try Data(contentsOf: Self.directory.appending(path: "\(name).f32"))
      .withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
  }

  @Test func everyVariantIsTested() {
    #expect(Set(Self.cases.map(\.preprocessor)) == Set(PreprocessorVariant.allCases.map(\.rawValue)))
  }

  @Test(arguments: cases)
  private func theResultIsNnunets(example: Case) throws {
    let image = ChannelVolume(channels: example.channels, extent: Extent(example.extent))
    for (index, value) in try floats(example.image).enumerated() { image.elements[index] = value }
    let preprocessor = Preprocessor(plan: try PreprocessingPlan(plans: example.plans, stage: 0))
    let result = try preprocessor.run(
      image: image, spacing: Spacing(example.spacing), pool: ComputePool(threads: 2))
    #expect(result.volume.extent.lengths == example.result)
    if let spacing = example.spacingAfter {
      #expect(result.properties.spacingAfterResampling == Spacing(spacing))
    }

    let expected = try floats(example.name)
    var found: [Float] = []
    for channel in 0..<example.channels {
      for z in 0..<example.result[0] {
        for y in stride(from: 0, to: example.result[1], by: example.steps[0]) {
          for x in stride(from: 0, to: example.result[2], by: example.steps[1]) {
            found.append(result.volume[channel, z, y, x])
          }
        }
      }
    }
    try #require(found.count == expected.count)
    let scale = expected.reduce(1) { max($0, abs($1)) }
    let worst = zip(found, expected).reduce(Float(0)) { $1.0.isNaN ? .infinity : max($0, abs($1.0 - $1.1)) }
    // Resampling agrees to 1e-6 of the largest magnitude, statistics of a few thousand voxels in float32 likewise.
    #expect(worst < 5e-6 * scale, "\(worst) of \(scale)")
  }

  @Test func theFirstSpacingMayBeLeftOpenForOnePreprocessorOnly() throws {
    var plans = try #require(Self.cases.first { $0.name == "leave_open" }).plans
    #expect(plans.stages[0]?.currentSpacing[0] == 0)
    _ = try PreprocessingPlan(plans: plans, stage: 0)
    plans.preprocessorName = "GenericPreprocessor"
    #expect(throws: PreprocessingError.self) { try PreprocessingPlan(plans: plans, stage: 0) }
  }

  @Test func anUnknownPreprocessorIsNamedInTheError() throws {
    var plans = try #require(Self.cases.first).plans
    plans.preprocessorName = "PreprocessorOfMyOwn"
    let error = #expect(throws: PreprocessingError.self) { try PreprocessingPlan(plans: plans, stage: 0) }
    #expect("\(error!)".contains("PreprocessorOfMyOwn"))
    #expect("\(error!)".contains("GenericPreprocessor_linearResampling"))
  }
}

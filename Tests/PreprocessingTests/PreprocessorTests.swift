import Kernels
import ModelPlans
import Preprocessing
import Testing
import Testkit
import Volumes

@Suite("Preprocessing a case")
struct PreprocessorTests {
  private static let unit = Spacing(z: 1, y: 1, x: 1)

  private func plan(
    _ schemes: [NormalizationScheme], usesMask: Bool = false, spacing: Spacing = unit, order: [Int] = [0, 1, 2],
    variant: PreprocessorVariant = .generic3D
  ) -> PreprocessingPlan {
    PreprocessingPlan(
      transposeForward: AxisOrder(order: order)!, targetSpacing: spacing,
      channels: schemes.map { ChannelNormalization(scheme: $0, usesMask: usesMask) }, variant: variant)
  }

  private func run(_ plan: PreprocessingPlan, _ image: ChannelVolume, _ spacing: Spacing = unit) throws
    -> PreprocessedCase
  {
    try Preprocessor(plan: plan).run(image: image, spacing: spacing, pool: ComputePool(threads: 2))
  }

  private func image(_ extent: Extent, channels: Int = 1, _ value: (Int) -> Float) -> ChannelVolume {
    let image = ChannelVolume(channels: channels, extent: extent)
    for index in 0..<image.elements.count { image.elements[index] = value(index) }
    return image
  }

  @Test func axesArePermutedAndTheWayBackIsKept() throws {
    let source = image(Extent(z: 2, y: 3, x: 4)) { Float($0 + 1) }
    let result = try run(
      plan([.noNorm], spacing: Spacing(z: 3, y: 1, x: 2), order: [2, 0, 1]), source, Spacing(z: 1, y: 2, x: 3))
    #expect(result.volume.extent == Extent(z: 4, y: 2, x: 3))
    for (z, y, x) in [(0, 0, 0), (1, 2, 3), (1, 0, 2)] {
      #expect(result.volume[0, x, z, y] == source[0, z, y, x])
    }
    #expect(result.properties.transposeBackward.order == [1, 2, 0])
    #expect(result.properties.spacingAfterResampling == Spacing(z: 3, y: 1, x: 2))
  }

  @Test func extentsRoundHalvesToEven() throws {
    // 5 voxels at half the resolution are 2.5, 7 are 3.5.
    let source = image(Extent(z: 5, y: 7, x: 4)) { _ in 1 }
    let result = try run(plan([.noNorm], spacing: Spacing(z: 2, y: 2, x: 2)), source)
    #expect(result.volume.extent == Extent(z: 2, y: 4, x: 2))
  }

  @Test func schemesDoWhatTheySay() throws {
    let source = image(Extent(z: 1, y: 1, x: 4), channels: 4) { [1, 2, 3, 10][$0 % 4] }
    let schemes: [NormalizationScheme] = [
      .noNorm, .zScore, .ct(lower: 1.5, upper: 4, mean: 2, sd: 0.5), .ct2(lower: 1, upper: 10),
    ]
    let result = try run(plan(schemes), source).volume
    #expect(Array(result.channel(0)) == [1, 2, 3, 10])
    let sd = Float((50.0 / 4).squareRoot())
    for (value, expected) in zip(result.channel(1), [-3 / sd, -2 / sd, -1 / sd, 6 / sd]) {
      #expect(abs(value - expected) < 1e-6)
    }
    #expect(Array(result.channel(2)) == [-1, 0, 2, 4])
    // Only 2 and 3 lie strictly between the bounds: mean 2.5, deviation 0.5.
    #expect(Array(result.channel(3)) == [-3, -1, 1, 15])
  }

  @Test func aConstantChannelBecomesZero() throws {
    let result = try run(plan([.zScore]), image(Extent(z: 2, y: 2, x: 2)) { _ in 7 }).volume
    #expect(result.elements.allSatisfy { $0 == 0 })
  }

  @Test func missingValuesBecomeZeroBeforeResampling() throws {
    let source = image(Extent(z: 1, y: 1, x: 4)) { $0 == 1 ? .nan : 8 }
    let result = try run(plan([.noNorm]), source).volume
    #expect(Array(result.elements) == [8, 0, 8, 8])
    let resized = try run(plan([.noNorm], spacing: Spacing(z: 1, y: 1, x: 0.5)), source).volume
    #expect(resized.elements.allSatisfy { (0...8).contains($0) })
  }

  @Test func refusalsSayWhy() {
    let source = image(Extent(z: 2, y: 2, x: 2)) { Float($0) }
    func expect(_ code: PreprocessingError.Code, _ plan: PreprocessingPlan, _ image: ChannelVolume, _ spacing: Spacing)
    {
      let error = #expect(throws: PreprocessingError.self) { try run(plan, image, spacing) }
      #expect(error?.code == code)
    }
    expect(.channelCount, plan([.zScore, .zScore]), source, Self.unit)
    expect(.emptyImage, plan([.zScore]), image(source.extent) { _ in 0 }, Self.unit)
    expect(.emptyResult, plan([.zScore], spacing: Spacing(z: 9, y: 1, x: 1)), source, Self.unit)
    expect(.emptyResult, plan([.zScore], spacing: Spacing(z: 1e-9, y: 1e-9, x: 1)), source, Self.unit)
    expect(.spacing, plan([.zScore]), source, Spacing(z: 0, y: 1, x: 1))
    expect(.notFinite, plan([.zScore]), image(source.extent) { $0 == 3 ? .infinity : 1 }, Self.unit)
    expect(.notFinite, plan([.ct2(lower: 0, upper: 9)]), image(source.extent) { _ in 7 }, Self.unit)
    let infinite = image(source.extent) { $0 == 3 ? .infinity : 1 }
    let ct = NormalizationScheme.ct(lower: 0, upper: 1, mean: 0, sd: 1)
    expect(.notFinite, plan([ct], spacing: Spacing(z: 0.5, y: 1, x: 1)), infinite, Self.unit)
    expect(.notFinite, plan([.ct2(lower: 100, upper: 200)]), source, Self.unit)
  }

  @Test func plansBecomeAPreprocessingPlan() throws {
    let stage = PlansStage(
      patch: [8, 8, 8], currentSpacing: [3, 1, 2], poolKernels: [[2, 2, 2]],
      convolutionKernels: [[3, 3, 3], [3, 3, 3]])
    var plans = Plans(
      channelCount: 2, normalizationSchemes: ["CT", "MRI"], useMaskForNormalization: [false, true],
      intensityProperties: [
        IntensityProperties(mean: 3, sd: 4, percentile00_5: 1, percentile99_5: 2), nil,
      ], foregroundClasses: 1, baseFeatures: 8, transposeForward: [1, 0, 2], transposeBackward: [1, 0, 2],
      stages: [0: stage])
    let plan = try PreprocessingPlan(plans: plans, stage: 0)
    #expect(plan.targetSpacing == Spacing(z: 3, y: 1, x: 2))
    #expect(plan.transposeForward.order == [1, 0, 2])
    #expect(plan.channels[0] == ChannelNormalization(scheme: .ct(lower: 1, upper: 2, mean: 3, sd: 4)))
    #expect(plan.channels[1] == ChannelNormalization(scheme: .zScore, usesMask: true))
    #expect(plan.variant == .generic3D)
    #expect(throws: PreprocessingError.self) { try PreprocessingPlan(plans: plans, stage: 1) }
    plans.stages[0]!.patch = [8, 8]
    #expect(try PreprocessingPlan(plans: plans, stage: 0).variant == .generic2D)
    plans.preprocessorName = "GenericPreprocessor_linearResampling"
    #expect(try PreprocessingPlan(plans: plans, stage: 0).variant == .linear3D)
    plans.preprocessorName = "Preprocessor3DOfMyOwn"
    #expect(throws: PreprocessingError.self) { try PreprocessingPlan(plans: plans, stage: 0) }
    plans.preprocessorName = nil
    plans.intensityProperties = [nil, nil]
    #expect(throws: PreprocessingError.self) { try PreprocessingPlan(plans: plans, stage: 0) }
  }
}

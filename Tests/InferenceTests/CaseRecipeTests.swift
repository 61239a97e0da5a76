import ModelPlans
import Preprocessing
import SlidingWindow
import Testing
import Volumes

@testable import Inference

@Suite struct CaseRecipeTests {
  private func recipe(
    trainer: Trainer = Trainer(name: "nnUNetTrainerV2"), patch: [Int] = [32, 48, 64], schemes: [String] = ["MR"],
    intensities: [IntensityProperties?] = [nil], preprocessor: String? = nil
  ) throws -> CaseRecipe {
    let stage = PlansStage(
      patch: patch, currentSpacing: [3, 1, 1], poolKernels: [[2, 2, 2].suffix(patch.count)].map(Array.init),
      convolutionKernels: [[Int]](repeating: [Int](repeating: 3, count: patch.count), count: 2))
    let plans = Plans(
      channelCount: schemes.count, normalizationSchemes: schemes,
      useMaskForNormalization: schemes.map { $0 == "MR" }, intensityProperties: intensities, foregroundClasses: 2,
      baseFeatures: 8, transposeForward: [2, 0, 1], transposeBackward: [1, 2, 0], stages: [0: stage],
      preprocessorName: preprocessor)
    return try CaseRecipe(
      plans: plans, stage: 0, trainer: trainer,
      network: NetworkDescription(plans: plans, stage: 0, trainer: trainer))
  }

  @Test func plansBecomeAPreprocessingPlan() throws {
    let training = IntensityProperties(mean: 40, sd: 20, percentile00_5: -100, percentile99_5: 300)
    let recipe = try recipe(
      schemes: ["CT", "MR", "CT2", "noNorm", "anything"], intensities: [training, nil, training, nil, nil])
    #expect(recipe.preprocessing.transposeForward.order == [2, 0, 1])
    #expect(recipe.preprocessing.targetSpacing == Spacing(z: 3, y: 1, x: 1))
    #expect(recipe.preprocessing.variant == .generic3D)
    #expect(
      recipe.preprocessing.channels == [
        ChannelNormalization(scheme: .ct(lower: -100, upper: 300, mean: 40, sd: 20)),
        ChannelNormalization(scheme: .zScore, usesMask: true),
        ChannelNormalization(scheme: .ct2(lower: -100, upper: 300)), ChannelNormalization(scheme: .noNorm),
        ChannelNormalization(scheme: .zScore),
      ])
    #expect(recipe.labels == [0, 1, 2] && recipe.rule == .largest)
  }

  @Test func planarPlansGiveSlices() throws {
    let recipe = try recipe(patch: [48, 64])
    #expect(recipe.patch == Extent(z: 1, y: 48, x: 64))
    #expect(recipe.preprocessing.variant == .generic2D)
    #expect(try recipe.tilePlan(for: Extent(z: 5, y: 40, x: 60), stepSize: 0.5).tileCount == 5)
    #expect(try recipe.mirrorAxes(mirroring: true) == [0, 1])
  }

  @Test func regionTrainersHaveTheirOwnLabels() throws {
    let recipe = try recipe(trainer: Trainer(name: "regions", regionsClassOrder: [4, 2]))
    #expect(recipe.rule == .regions(order: [4, 2]) && recipe.labels == [0, 2, 4])
    #expect(throws: InferenceError.self) { try self.recipe(trainer: Trainer(name: "", regionsClassOrder: [256])) }
  }

  @Test func mirroringFollowsTheTrainer() throws {
    #expect(try recipe().mirrorAxes(mirroring: true) == [0, 1, 2])
    #expect(try recipe().mirrorAxes(mirroring: false) == [])
    #expect(try recipe(trainer: Trainer(name: "", mirroring: .noAxes)).mirrorAxes(mirroring: true) == [])
    let without = try recipe(trainer: Trainer(name: "nnUNetTrainerV2_noMirroring", mirroring: .notAllowed))
    #expect(try without.mirrorAxes(mirroring: false) == [])
    let error = #expect(throws: InferenceError.self) { try without.mirrorAxes(mirroring: true) }
    #expect(error?.code == .invalidOptions)
    #expect(error?.description.contains("--disable_tta") == true)
  }

  @Test func whatIsNotBuiltIsRefused() {
    #expect(throws: PreprocessingError.self) { try recipe(preprocessor: "PreprocessorOfMyOwn") }
    #expect(throws: PreprocessingError.self, "CT without training intensities") { try recipe(schemes: ["CT"]) }
  }

  @Test func forecastCountsWhatTheStepsHold() throws {
    let recipe = try recipe()
    // The image's axis 0 is the network's axis 1, axis 2 the network's axis 0: 60 x 3 mm / 3 mm, then 100 x 2 / 1 twice.
    let spacing = Spacing(z: 2, y: 2, x: 3)
    let properties = CaseProperties.uncropped(
      extent: Extent(z: 100, y: 100, x: 60), spacing: spacing, plan: recipe.preprocessing)
    #expect(properties.resampledExtent == Extent(z: 60, y: 200, x: 200))
    let plan = try recipe.tilePlan(for: properties.resampledExtent, stepSize: 0.5)
    func forecast(planes: Int, network: Int = 1000) -> MemoryForecast {
      MemoryForecast(
        recipe: recipe, plan: plan, properties: properties, threads: 2, planes: planes, networkBytes: network)
    }
    let thick = forecast(planes: 16)
    #expect(thick.image == 600_000 * 4 && thick.labels == 600_000)
    #expect(thick.volume == 2_400_000 * 4)
    #expect(thick.tile == 32 * 48 * 64 * (1 + 3) * 4)
    // Sums of 3 classes and weights, the importance map; then one plane of the network's grid.
    #expect(thick.slab >= 16 * 4 * 40_000 * 4 + 32 * 48 * 64 * 4 + 3 * 40_000 * 4)
    let thin = forecast(planes: 1)
    #expect(thick.slab - thin.slab >= 15 * 4 * 40_000 * 4)
    // A mapped volume is in memory as far as a tile reads it.
    #expect(thick.volumeInUse == 32 * 48 * 64 * 4)
    #expect(
      thick.peak
        >= thick.program + max(thick.volumeInUse + thick.network + thick.tile, thick.volume + thick.slab))

    // Tiles that the process keeps itself: all others, up to what stays in memory and one on its way.
    let tile = 32 * 48 * 64 * 3 * 4
    for (budget, store) in [(0, 0), (tile, 2 * tile), (1 << 40, (plan.tileCount - 1) * tile)] {
      let kept = MemoryForecast(
        recipe: recipe, plan: plan, properties: properties, threads: 2, networkBytes: 1000, storeBudget: budget)
      #expect(kept.store == store && kept.peak >= kept.predicting + store)
      #expect(kept.volumeInUse == max(min(budget, kept.volume), thick.volumeInUse))
    }

    // Thinner slabs before a refusal; a refusal says what is needed. Slabs of a case that is so large that they count more than measuring.
    func large(planes: Int) -> MemoryForecast {
      var result = forecast(planes: planes)
      result.slab *= 16
      return result
    }
    func fitting(_ limit: Int?) throws -> MemoryPlan {
      try MemoryPlan(limit: limit, work: .stitching) { large(planes: $1) }
    }
    #expect(try fitting(nil).planes == 16)
    #expect(try fitting(large(planes: 16).stitching).planes == 16)
    #expect(try fitting(large(planes: 16).stitching - 1).planes == 8)
    #expect(try fitting(large(planes: 1).stitching).planes == 1)
    let error = #expect(throws: InferenceError.self) { try fitting(large(planes: 1).stitching - 1) }
    #expect(error?.code == .outOfMemory)
    #expect(error?.description.contains("\((large(planes: 1).stitching + (1 << 20) - 1) >> 20) MiB") == true)

    // A slower engine that takes less comes after the thinnest slab of the faster one.
    let networks = [400 << 20, 200 << 20]
    func choice(_ limit: Int?) throws -> MemoryPlan {
      try MemoryPlan(limit: limit, work: .everything, variants: 2, advice: "pray") {
        forecast(planes: $1, network: networks[$0])
      }
    }
    let (fast, slow) = (forecast(planes: 1, network: networks[0]), forecast(planes: 1, network: networks[1]))
    #expect(try choice(nil).variant == 0 && choice(nil).planes == 16)
    #expect(try choice(fast.peak).variant == 0)
    #expect(try choice(fast.peak - 1).variant == 1 && choice(fast.peak - 1).planes == 16)
    #expect(try choice(slow.peak).variant == 1 && choice(slow.peak).forecast?.network == networks[1])
    let refusal = #expect(throws: InferenceError.self) { try choice(slow.peak - 1) }
    #expect(refusal?.description.contains("\((slow.peak + (1 << 20) - 1) >> 20) MiB") == true)
    #expect(refusal?.description.contains("or pray.") == true, "\(String(describing: refusal))")
  }
}

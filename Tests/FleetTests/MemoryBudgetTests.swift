import Digests
import FleetContracts
import FleetInMemory
import Foundation
import Inference
import ModelStore
import Preprocessing
import Synchronization
import Testing
import Testkit
import UNet
import Volumes

@testable import Fleet

/// The engine that a slot takes within its memory, and what becomes of a job that it can't do.
@Suite struct MemoryBudgetTests {
  private let image = Fixtures.directory.appending(path: "Task501/images/colin_small_0000.nii.gz")
  private let model = Fixtures.directory.appending(path: "Task501/model")

  private func example() throws -> MemoryBudget.Case {
    let model = try TrainedModel.open(folder: model)
    let recipe = try CaseRecipe(model)
    return MemoryBudget.Case(
      recipe: recipe, options: InferenceOptions(folds: model.folds),
      properties: CaseProperties.uncropped(
        extent: Extent(z: 40, y: 40, x: 40), spacing: Spacing(z: 2, y: 2, x: 2), plan: recipe.preprocessing))
  }

  @Test func theFastestEngineThatFitsIsTaken() throws {
    let example = try example()
    func choice(_ limit: Int?, _ request: EngineRequest = EngineRequest()) throws -> String {
      try MemoryBudget(limit: limit, engine: request).engine(for: example, threads: 2).identity.engine
    }
    let engines = try NetworkEngine.candidates(EngineRequest(), description: example.recipe.network)
      .map(\.identity.engine)
    try #require(engines.count > 2 && engines.first == "winograd")
    let needs = try engines.map { engine in
      let budget = MemoryBudget(limit: 1 << 40, engine: EngineRequest(try #require(EngineChoice(rawValue: engine))))
      return try #require(try budget.plan(.predicting, example, threads: 2).forecast).predicting
    }
    #expect(try choice(nil) == "winograd")
    for (place, engine) in engines.enumerated() {
      #expect(try choice(needs[place]) == engine)
      if place + 1 < engines.count { #expect(try choice(needs[place] - 1) == engines[place + 1]) }
    }
    #expect(throws: InferenceError.self) { try choice(needs[needs.count - 1] - 1) }
    let refusal = #expect(throws: InferenceError.self) { try choice(needs[0] - 1, EngineRequest(.winograd)) }
    #expect(refusal?.code == .outOfMemory)
  }

  /// What one process decides at its preparation and at its first tile must be one decision.
  @Test func aProcessOfAllStepsChoosesAsItForecast() throws {
    var example = try example()
    example.files = 7 << 20
    // Ten folds, so that so small a case needs most of the memory for the network.
    example.options.folds = [FoldName](repeating: example.options.folds[0], count: 10)
    let engines = try NetworkEngine.candidates(EngineRequest(), description: example.recipe.network)
      .map { try #require(EngineChoice(rawValue: $0.identity.engine)) }
    let peaks = try engines.map { choice in
      let budget = MemoryBudget(limit: 1 << 40, isForAllSteps: true, engine: EngineRequest(choice))
      return try #require(try budget.plan(.preparing, example, threads: 2).forecast).peak
    }
    for limit in [peaks[0], peaks[0] - 1, peaks[1]] {
      let budget = MemoryBudget(limit: limit, isForAllSteps: true)
      let variant = try budget.plan(.preparing, example, threads: 2).variant
      #expect(try budget.engine(for: example, threads: 2).identity.engine == engines[variant].rawValue)
      #expect(try budget.plan(.stitching, example, threads: 2).variant == variant)
    }
  }

  @Test func aSlotSaysWhatItComputesWithAndLeavesWhatItCanNotToOthers() async throws {
    let store = InMemoryBlobStore()
    let models = ModelLibrary()
    let image = try await store.put(Blob(copying: try Data(contentsOf: image)))
    let said = Mutex<[ChosenEngine]>([])
    for (trainer, request, engine) in [
      (nil, EngineRequest(instructionSet: .portable), "winograd"), ("nnUNetTrainerV2_GeLU", EngineRequest(), "blas"),
    ] {
      let (record, _) = try await models.adopt(
        folder: model, selection: .automatic, checkpoint: "model_final_checkpoint", treatedAs: trainer)
      let run = RunRecord(
        id: RunID(), model: record, passes: [PassRecord(request: PassRequest(model: record.digest, folds: []))],
        images: [image], options: RunOptions(mirroring: false), key: nil, state: .preparing, submittedAt: Date())
      let plan = try await CasePreparer(store: store, models: models, threads: 2).prepare(run)
      let job = TileJob(run: run.id, pass: plan.id, epoch: 1, tile: 0, attempt: 1, document: plan.document)
      let slot = try SlotPredictor(
        store: store, models: models, threads: 2, memory: MemoryBudget(engine: request)
      ) { chosen in said.withLock { $0.append(chosen) } }
      let tile = try await slot.predict(job)
      #expect(tile.engine.hasPrefix("\(engine)/"))
      await slot.release()
      #expect(try await slot.predict(job).probabilities == tile.probabilities, "fetched again")
      let last = try #require(said.withLock { $0.last })
      #expect(last.model == record.digest && last.engine == tile.engine && last.isFallback == (engine == "blas"))

      guard engine == "blas" else { continue }
      let strict = try SlotPredictor(
        store: store, models: models, threads: 2, memory: MemoryBudget(engine: EngineRequest(.winograd)))
      let failure = await #expect(throws: RunFailure.self) { try await strict.predict(job) }
      #expect(failure?.kind == .transient && failure?.reason.contains("Use the engine blas") == true)
    }
  }
}

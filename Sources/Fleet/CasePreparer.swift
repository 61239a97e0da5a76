public import FleetContracts
internal import Inference
internal import Kernels
internal import ModelStore
internal import NiftiIO
internal import Preprocessing
internal import Threads
internal import Volumes

/// Reads a run's images, preprocesses them, and puts the volume and the pass document into the store.
public struct CasePreparer: RunPreparing {
  private let store: any BlobStore
  private let models: ModelLibrary
  private let pool: ComputePool
  private let thread: BlockingThread
  private let memory: MemoryBudget

  /// - Parameter threads: compute threads.
  /// - Throws: `ThreadError` when the process is out of threads.
  public init(store: any BlobStore, models: ModelLibrary, threads: Int, memory: MemoryBudget = MemoryBudget()) throws {
    self.memory = memory
    self.store = store
    self.models = models
    pool = ComputePool(threads: threads)
    thread = try BlockingThread(name: "prepare")
  }

  public func prepare(_ run: RunRecord) async throws -> PassPlan {
    let position = run.position
    if position == 0 { try await check(run) }
    let request = run.passes[position].request
    let model = try await models.model(request.model)
    let options = InferenceOptions(
      folds: try Self.folds(request.folds, of: model), mirroring: run.options.mirroring, stepSize: run.options.stepSize)
    let recipe = try CaseRecipe(model)
    var files: [Blob] = []
    for image in run.images { files.append(try await store.get(image)) }
    let fileBytes = files.reduce(0) { $0 + $1.count }
    let passes = try await passesToCheck(of: run)
    if let first = files.first {
      try memory.checkReading(
        try first.withBytes { try MedicalImage.grid(borrowing: $0) }, channels: files.count, files: fileBytes,
        for: passes, threads: pool.threads)
    }
    let previousFile = try await previousSegmentation(request, of: run)?.copy

    let images = files
    let (prepared, geometry, timings) = try await thread.run { [pool, memory] in
      var watch = Stopwatch(pass: position)
      // The blobs outlive the call, so the pointers may leave the closures.
      let image = try withExtendedLifetime(images) {
        try MedicalImage(borrowing: images.map { $0.withBytes { $0 } })
      }
      let previous = try previousFile.map { try LabelMap(file: $0).labels }
      watch.lap("read")
      for pass in passes {
        let properties = try Preprocessor(plan: pass.recipe.preprocessing).properties(
          of: image.voxels, spacing: image.spacing)
        _ = try memory.plan(
          .preparing,
          MemoryBudget.Case(recipe: pass.recipe, options: pass.options, properties: properties, files: fileBytes),
          threads: pool.threads)
      }
      let prepared = try PrepareStep(recipe: recipe, stepSize: options.stepSize).run(
        image: image.voxels, spacing: image.spacing, previous: previous, pool: pool)
      watch.lap("preprocess")
      return (prepared, image.geometry, watch.timings)
    }
    var previous: PassDocument.Previous?
    if let labels = prepared.previous {
      previous = PassDocument.Previous(labels: try await store.put(Blob(labels.labels)), classes: labels.classes)
    }
    let document = PassDocument(
      model: request.model, options: options, savesProbabilities: run.options.savesProbabilities,
      volume: try await store.put(Blob(prepared.volume)), channels: prepared.volume.channels, plan: prepared.plan,
      properties: prepared.properties, geometry: geometry, images: run.images.map(\.hexadecimal), imageBytes: fileBytes,
      labels: run.model.labels, previous: previous)
    return PassPlan(
      document: try await store.put(try document.encoded()), tiles: prepared.plan.tileCount,
      tileOperations: try recipe.tileOperations(options), timings: timings)
  }

  /// Refuses before the first tile what workers, later passes or the last stitch would refuse.
  private func check(_ run: RunRecord) async throws {
    var members: [CaseRecipe] = []
    for pass in run.passes {
      let model = try await models.model(pass.request.model)
      let recipe = try CaseRecipe(model)
      _ = try Self.folds(pass.request.folds, of: model)
      _ = try recipe.mirrorAxes(mirroring: run.options.mirroring)
      guard (recipe.previousClasses > 0) == (pass.request.previous != nil) else {
        throw RunFailure(
          kind: .invalid,
          reason:
            "A cascade's second stage needs a segmentation to refine, and no other model may have one; submit the study again."
        )
      }
      if pass.request.isMember { members.append(recipe) }
    }
    guard Set(members.map(\.rule)).count == 1, Set(members.map(\.network.outputChannels)).count == 1 else {
      throw RunFailure(
        kind: .invalid,
        reason: "The models can't be averaged: they don't have the same classes, or only some of them are region-based."
      )
    }
  }

  /// The passes whose memory is looked at before this one begins: where one process takes all steps, all that follow too, so that a
  /// run is refused before its first tile.
  private func passesToCheck(of run: RunRecord) async throws -> [(recipe: CaseRecipe, options: InferenceOptions)] {
    guard memory.limit != nil, run.position == 0 || !memory.isForAllSteps else { return [] }
    var passes: [(recipe: CaseRecipe, options: InferenceOptions)] = []
    for pass in memory.isForAllSteps ? run.passes[...] : run.passes[run.position...run.position] {
      let model = try await models.model(pass.request.model)
      let options = InferenceOptions(
        folds: try Self.folds(pass.request.folds, of: model), mirroring: run.options.mirroring,
        stepSize: run.options.stepSize)
      passes.append((try CaseRecipe(model), options))
    }
    return passes
  }

  /// The label map that a cascade's second stage refines, as a NIfTI file.
  private func previousSegmentation(_ request: PassRequest, of run: RunRecord) async throws -> Blob? {
    switch request.previous {
    case nil: return nil
    case .image(let digest): return try await store.get(digest)
    case .pass(let position):
      guard run.passes.indices.contains(position), let outcome = run.passes[position].outcome else {
        throw RunFailure(
          kind: .invalid, reason: "The pass \(run.position) needs the result of the pass \(position), which isn't done."
        )
      }
      return try await store.get(outcome.labelMap)
    }
  }

  /// The folds that were asked for, or all of the model's.
  private static func folds(_ names: [String], of model: TrainedModel) throws -> [FoldName] {
    guard !names.isEmpty else { return model.folds }
    let wanted = names.map { FoldName($0) }
    for fold in wanted where !model.folds.contains(fold) {
      throw RunFailure(
        kind: .invalid,
        reason: "The model has no fold \(fold); it has \(model.folds.map(\.folder).joined(separator: ", ")).")
    }
    return wanted
  }
}

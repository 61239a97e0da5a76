public import FleetContracts
internal import Inference
internal import Kernels
internal import ModelStore
internal import NiftiIO
internal import Threads
internal import Volumes

/// Reads a run's images, preprocesses them, and puts the volume and the pass document into the store.
public struct CasePreparer: RunPreparing {
  private let store: any BlobStore
  private let models: ModelLibrary
  private let pool: ComputePool
  private let thread: BlockingThread

  /// - Parameter threads: compute threads.
  /// - Throws: `ThreadError` when the process is out of threads.
  public init(store: any BlobStore, models: ModelLibrary, threads: Int) throws {
    self.store = store
    self.models = models
    pool = ComputePool(threads: threads)
    thread = try BlockingThread(name: "prepare")
  }

  public func prepare(_ run: RunRecord) async throws -> PassPlan {
    let model = try await models.model(run.model.digest)
    let options = InferenceOptions(
      folds: try Self.folds(run.options.folds, of: model), mirroring: run.options.mirroring,
      stepSize: run.options.stepSize)
    let recipe = try CaseRecipe(model)
    // Refuses what workers would refuse, before there are tiles.
    _ = try recipe.mirrorAxes(mirroring: options.mirroring)
    var files: [[UInt8]] = []
    for image in run.images { files.append(try await store.get(image).copy) }

    let images = files
    let (prepared, geometry, timings) = try await thread.run { [pool] in
      var watch = Stopwatch()
      let image = try MedicalImage(files: images)
      watch.lap("read")
      let prepared = try PrepareStep(recipe: recipe, stepSize: options.stepSize).run(
        image: image.voxels, spacing: image.spacing, pool: pool)
      watch.lap("preprocess")
      return (prepared, image.geometry, watch.timings)
    }
    let volume = try await store.put(Blob(prepared.volume))
    let document = PassDocument(
      model: run.model.digest, options: options, savesProbabilities: run.options.savesProbabilities, volume: volume,
      channels: prepared.volume.channels, plan: prepared.plan, properties: prepared.properties, geometry: geometry,
      images: run.images.map(\.hexadecimal),
      labels: run.model.labels)
    return PassPlan(
      document: try await store.put(try document.encoded()), tiles: prepared.plan.tileCount, timings: timings)
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

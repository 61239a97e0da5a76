internal import Digests
public import FleetContracts
internal import Inference
internal import Kernels
internal import ModelStore
internal import SlidingWindow
internal import Threads
internal import Volumes

/// One slot of a worker: predicts a tile at a time on a thread of its own.
///
/// It keeps what the next tile will probably need too: the pass's document and volume, and the model's weights as the engine wants
/// them.
public actor SlotPredictor: TilePredicting {
  private let store: any BlobStore
  private let models: ModelLibrary
  private let pool: ComputePool
  private let thread: BlockingThread
  private let memory: MemoryBudget
  private var pass: (document: Digest, resident: ResidentPass)?
  private var network: (key: NetworkKey, predictor: ResidentPredictor)?

  /// - Parameter threads: compute threads of this slot.
  /// - Throws: `ThreadError` when the process is out of threads.
  public init(store: any BlobStore, models: ModelLibrary, threads: Int, memory: MemoryBudget = MemoryBudget()) throws {
    self.memory = memory
    self.store = store
    self.models = models
    pool = ComputePool(threads: threads)
    thread = try BlockingThread(name: "slot")
  }

  public func predict(_ job: TileJob) async throws -> ComputedTile {
    var watch = Stopwatch()
    let pass = try await resident(job.document)
    let predictor = try await predictor(for: pass.document)
    let fetch = watch.lap("fetch")
    guard job.tile >= 0, job.tile < pass.document.plan.tileCount else {
      throw RunFailure(
        kind: .invalid, reason: "The job names tile \(job.tile) of a pass with \(pass.document.plan.tileCount) tiles.")
    }
    let probabilities = try await thread.run { try predictor.probabilities(of: job.tile, in: pass) }
    let infer = watch.lap("infer")
    let blob = Blob(probabilities)
    let digest = try await store.put(blob)
    return ComputedTile(
      probabilities: digest, bytes: blob.count, engine: predictor.engine,
      timings: TileTimings(fetch: fetch, infer: infer, put: watch.lap("put")))
  }

  private func resident(_ digest: Digest) async throws -> ResidentPass {
    if let pass, pass.document == digest { return pass.resident }
    let document = try await PassDocument.get(digest, from: store)
    let volume = try await store.get(document.volume).volume(
      channels: document.channels, extent: document.plan.volume)
    var previous: PreviousLabels?
    if let stored = document.previous {
      let labels = try await store.get(stored.labels).labels(extent: document.plan.volume)
      previous = PreviousLabels(labels: labels, classes: stored.classes)
    }
    let resident = ResidentPass(
      document: document, extractor: try PatchExtractor(plan: document.plan, volume: volume, previous: previous))
    pass = (digest, resident)
    return resident
  }

  private func predictor(for document: PassDocument) async throws -> ResidentPredictor {
    let key = NetworkKey(model: document.model, folds: document.options.folds, mirroring: document.options.mirroring)
    if let network, network.key == key { return network.predictor }
    network = nil  // its memory is needed for the next one
    let model = try await models.model(document.model)
    try check(document, fits: model)
    let predictor = try await thread.run { [pool] in
      ResidentPredictor(try TilePredictor(model: model, options: document.options, pool: pool))
    }
    network = (key, predictor)
    return predictor
  }

  /// - Throws: `RunFailure` that lets another worker, with more memory, try.
  private func check(_ document: PassDocument, fits model: TrainedModel) throws {
    // A process that takes all steps has looked at this one before it began.
    guard !memory.isForAllSteps else { return }
    do {
      _ = try memory.plan(
        .predicting, recipe: CaseRecipe(model), options: document.options, properties: document.properties,
        threads: pool.threads)
    } catch let error as InferenceError where error.code == .outOfMemory {
      throw RunFailure(kind: .transient, reason: error.description)
    }
  }

  private struct NetworkKey: Equatable {
    var model: Digest
    var folds: [FoldName]
    var mirroring: Bool
  }
}

/// A pass in memory.
private struct ResidentPass: Sendable {
  let document: PassDocument
  let extractor: PatchExtractor
}

/// A network in memory. `@unchecked Sendable` is right because only closures on the slot's thread call it, one after the other.
private final class ResidentPredictor: @unchecked Sendable {
  private let predictor: TilePredictor
  let engine: String

  init(_ predictor: TilePredictor) {
    self.predictor = predictor
    engine = predictor.engine.description
  }

  func probabilities(of tile: Int, in pass: ResidentPass) throws -> ChannelVolume {
    let plan = pass.document.plan
    let patch = pass.extractor.patch(plan.tile(tile))
    let count = predictor.classes * plan.patch.count
    // Fresh memory for each tile: the store keeps what it is given.
    let probabilities = ChannelVolume(
      channels: predictor.classes, extent: plan.patch, storage: VoxelStorage(uninitialized: count))
    try predictor.predict(patch, into: probabilities)
    return probabilities
  }
}

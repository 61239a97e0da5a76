internal import Digests
public import FleetContracts
internal import Inference
internal import Kernels
internal import ModelStore
internal import SlidingWindow
internal import Threads
internal import UNet
internal import Volumes

/// One slot of a worker: predicts a tile at a time on a thread of its own.
///
/// It keeps what the next tile will probably need too: the pass's document and volume, and the network with its memory. Weights are
/// shared with the process's other slots.
public actor SlotPredictor: TilePredicting {
  private let store: any BlobStore
  private let models: ModelLibrary
  private let weights: WeightsShelf
  private let pool: ComputePool
  private let thread: BlockingThread
  private let memory: MemoryBudget
  private let engineChosen: @Sendable (ChosenEngine) -> Void
  private let warmth: Warmth
  private var passes = Recent<Digest, ResidentPass>()
  private var networks = Recent<NetworkKey, ResidentPredictor>()

  /// - Parameters:
  ///   - weights: the one of the process; of this slot alone when `nil`.
  ///   - threads: compute threads of this slot.
  ///   - memory: what this slot may use, and the engine that it is to compute with.
  ///   - warmth: what it keeps beside what is in use.
  ///   - engineChosen: called for each network that is loaded.
  /// - Throws: `ThreadError` when the process is out of threads.
  public init(
    store: any BlobStore, models: ModelLibrary, weights: WeightsShelf? = nil, threads: Int,
    memory: MemoryBudget = MemoryBudget(), warmth: Warmth = .least,
    engineChosen: @escaping @Sendable (ChosenEngine) -> Void = { _ in }
  ) throws {
    self.memory = memory
    self.warmth = warmth
    self.engineChosen = engineChosen
    self.store = store
    self.models = models
    self.weights = weights ?? WeightsShelf()
    pool = ComputePool(threads: threads)
    thread = try BlockingThread(name: "slot")
  }

  public func predict(_ job: TileJob) async throws -> ComputedTile {
    var watch = Stopwatch()
    let processors = ProcessorTime()
    let pass = try await resident(job.document)
    let predictor = try await predictor(for: pass.document)
    let fetch = watch.lap("fetch")
    try await FaultPoint.workerFetched.passed(tile: job.tile)
    guard job.tile >= 0, job.tile < pass.document.plan.tileCount else {
      throw RunFailure(
        kind: .invalid, reason: "The job names tile \(job.tile) of a pass with \(pass.document.plan.tileCount) tiles.")
    }
    // A tile that is abandoned is computed to its end, and dropped.
    let probabilities = try await Abandonable.run { [thread] in
      try await thread.run { try predictor.probabilities(of: job.tile, in: pass) }
    }
    let infer = watch.lap("infer")
    try await FaultPoint.workerComputed.passed(tile: job.tile, with: probabilities)
    let blob = Blob(probabilities)
    let digest = try await store.put(blob)
    try await FaultPoint.workerStored.passed(tile: job.tile)
    return ComputedTile(
      probabilities: digest, bytes: blob.count, engine: predictor.engine,
      timings: TileTimings(fetch: fetch, infer: infer, put: watch.lap("put"), cpu: processors.seconds))
  }

  private func resident(_ digest: Digest) async throws -> ResidentPass {
    if let resident = passes.find(digest) { return resident }
    let document = try await PassDocument.get(digest, from: store)
    let blob = try await store.get(document.volume)
    let volume = try blob.volume(channels: document.channels, extent: document.plan.volume)
    var previous: PreviousLabels?
    if let stored = document.previous {
      let labels = try await store.get(stored.labels).labels(extent: document.plan.volume)
      previous = PreviousLabels(labels: labels, classes: stored.classes)
    }
    let resident = ResidentPass(
      document: document, extractor: try PatchExtractor(plan: document.plan, volume: volume, previous: previous),
      volume: blob)
    passes.trim(to: warmth.passes - 1, bytes: warmth.volumeBytes)
    passes.add(resident, of: digest, bytes: resident.bytes)
    return resident
  }

  private func predictor(for document: PassDocument) async throws -> ResidentPredictor {
    let key = NetworkKey(model: document.model, folds: document.options.folds, mirroring: document.options.mirroring)
    if let predictor = networks.find(key) { return predictor }
    networks.trim(to: warmth.networks - 1)  // their memory is needed for the next one
    let model = try await models.model(document.model)
    let engine = try engine(for: document, model)
    let weights = try await weights(of: model, document, engine)
    let predictor = try await thread.run { [pool] in
      ResidentPredictor(
        try TilePredictor(model: model, options: document.options, weights: weights, pool: pool, engine: engine),
        sumsToOne: try CaseRecipe(model).rule == .largest)
    }
    networks.add(predictor, of: key)
    engineChosen(ChosenEngine(engine, model: document.model))
    return predictor
  }

  /// One fold after the other, so that only one of them is held twice while it is prepared.
  private func weights(
    of model: TrainedModel, _ document: PassDocument, _ engine: NetworkEngine
  ) async throws -> [PreparedWeights] {
    try TilePredictor.checkFolds(of: model, document.options)
    var folds: [PreparedWeights] = []
    for fold in document.options.folds {
      guard let checkpoint = await models.checkpointDigest(of: fold, in: document.model) else {
        throw RunFailure(kind: .invalid, reason: "The manifest of model \(document.model) lacks the fold \(fold).")
      }
      let request = WeightsShelf.Request(
        model: model, digest: document.model, fold: fold, checkpoint: checkpoint, engine: engine)
      folds.append(try await weights.weights(request, pool: pool, thread: thread))
    }
    return folds
  }

  /// - Throws: `RunFailure` that lets another worker try, with more memory or another engine.
  private func engine(for document: PassDocument, _ model: TrainedModel) throws -> NetworkEngine {
    do {
      return try memory.engine(for: document.memoryCase(CaseRecipe(model)), threads: pool.threads)
    } catch let error as NetworkExecutionError {
      guard case .notThisEngine = error else { throw error }
      throw RunFailure(kind: .transient, reason: error.description)
    }
  }

  /// Frees network and volume; what the next tile needs is fetched again.
  public func release() {
    networks.trim(to: 0)
    passes.trim(to: 0)
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
  /// What the extractor reads.
  let volume: Blob

  /// Of its volume.
  var bytes: Int { volume.count }
}

/// A network in memory. `@unchecked Sendable` is right because only closures on the slot's thread call it, one after the other.
private final class ResidentPredictor: @unchecked Sendable {
  private let predictor: TilePredictor
  private let sumsToOne: Bool
  let engine: String

  init(_ predictor: TilePredictor, sumsToOne: Bool) {
    self.predictor = predictor
    self.sumsToOne = sumsToOne
    engine = predictor.engine.description
  }

  func probabilities(of tile: Int, in pass: ResidentPass) throws -> ChannelVolume {
    let plan = pass.document.plan
    let patch = pass.extractor.patch(plan.tile(tile))
    // The next tile reads a mapped volume again; until then its memory is the network's.
    pass.volume.unloadMapped()
    let count = predictor.classes * plan.patch.count
    // Fresh memory for each tile: the store keeps what it is given.
    let probabilities = ChannelVolume(
      channels: predictor.classes, extent: plan.patch, storage: VoxelStorage(uninitialized: count))
    try predictor.predict(patch, into: probabilities)
    if let problem = ProbabilityCheck.problem(of: probabilities, sumsToOne: sumsToOne) {
      throw RunFailure(
        kind: .corrupt,
        reason:
          "What the network gives for tile \(tile) are no probabilities: \(problem); the model, the image or this machine is broken."
      )
    }
    return probabilities
  }
}

internal import Digests
internal import Kernels
public import Logging
internal import ModelPlans
internal import ModelStore
internal import Threads
internal import UNet
public import WeightsCache

/// The folds' weights of a process, as its engines take them: one copy for all worker slots, as long as one of them uses it.
///
/// Transformed weights come from the machine's cache where they are there; else they are made from the checkpoint, and kept there
/// while the slots already compute. What is wrong with the cache costs time, never a result.
public actor WeightsShelf {
  private let cache: WeightsCache?
  private let logger: Logger?
  private var held: [Key: Held] = [:]
  private var inWork: [Key: Task<PreparedWeights, any Error>] = [:]
  private var writes: [WeightsKey: Write] = [:]
  private var writer: BlockingThread?
  private var hasWarned = false

  /// - Parameter cache: `nil` to transform weights at each start.
  public init(cache: WeightsCache? = nil, logger: Logger? = nil) {
    self.cache = cache
    self.logger = logger
  }

  /// A fold of a model, and what is to compute it.
  struct Request: Sendable {
    var model: TrainedModel
    var digest: Digest
    var fold: FoldName
    /// SHA-256 of the fold's checkpoint.
    var checkpoint: Digest
    var engine: NetworkEngine
  }

  /// The weights of a fold; slots that ask for the same at the same time wait for one preparation.
  /// - Parameters:
  ///   - pool, thread: of the slot that asks.
  /// - Throws: `ModelStoreError`, `NetworkExecutionError`.
  func weights(_ request: Request, pool: ComputePool, thread: BlockingThread) async throws -> PreparedWeights {
    let key = Key(
      checkpoint: request.checkpoint, engine: request.engine.identity.engine, network: request.engine.description)
    if let weights = held[key]?.weights { return weights }
    if let task = inWork[key] { return try await task.value }
    let task = Task { try await prepare(request, pool: pool, thread: thread) }
    inWork[key] = task
    defer { inWork[key] = nil }
    let weights = try await task.value
    held = held.filter { $0.value.weights != nil }
    held[key] = Held(weights: weights)
    return weights
  }

  /// Returns when everything that was to be kept is on the disk.
  public func settle() async {
    for write in writes.values { await write.task.value }
  }

  private func prepare(_ request: Request, pool: ComputePool, thread: BlockingThread) async throws -> PreparedWeights {
    // Another model's weights would be in memory beside these.
    for write in writes.values where write.model != request.digest { await write.task.value }
    let key = try cache.flatMap { _ in try WeightsKey(checkpoint: request.checkpoint, engine: request.engine) }
    let start = ContinuousClock.now
    let (weights, reason) = try await thread.run { [cache] in
      try Self.prepare(request, key, cache, pool: pool)
    }
    if let reason { logger?.warning("\(reason)") }
    let isMapped = weights.isMapped
    logger?.info(
      "weights ready",
      metadata: [
        "model": "\(request.digest)", "fold": "\(request.fold)", "bytes": "\(weights.weights.byteCount)",
        "from": "\(isMapped ? "cache" : "checkpoint")", "seconds": "\((ContinuousClock.now - start) / .seconds(1))",
      ])
    if let cache, let key, !isMapped { keep(weights.weights, key, in: cache, model: request.digest) }
    return weights.weights
  }

  private struct Prepared: Sendable {
    var weights: PreparedWeights
    var isMapped: Bool
  }

  /// - Returns: weights, and why a file of the cache was removed.
  private static func prepare(
    _ request: Request, _ key: WeightsKey?, _ cache: WeightsCache?, pool: ComputePool
  ) throws -> (Prepared, String?) {
    var reason: String?
    if let cache, let key {
      switch try cache.find(key, for: request.engine, pool: pool) {
      case .found(let weights): return (Prepared(weights: weights, isMapped: true), nil)
      case .missing: break
      case .removed(let why): reason = why
      }
    }
    let weights = try request.engine.prepare(try request.model.weights(fold: request.fold), pool: pool)
    return (Prepared(weights: weights, isMapped: false), reason)
  }

  private func keep(_ weights: PreparedWeights, _ key: WeightsKey, in cache: WeightsCache, model: Digest) {
    guard writes[key] == nil else { return }
    let task = Task {
      do {
        if writer == nil { writer = try BlockingThread(name: "weights cache") }
        try await writer?.run { try cache.store(weights, key) }
      } catch {
        if !hasWarned { logger?.warning("\(error)") }
        hasWarned = true
      }
      writes[key] = nil
    }
    writes[key] = Write(model: model, task: task)
  }

  private struct Key: Hashable {
    var checkpoint: Digest
    var engine: String
    var network: NetworkDescription
  }

  private struct Held {
    weak var weights: PreparedWeights?
  }

  private struct Write {
    var model: Digest
    var task: Task<Void, Never>
  }
}

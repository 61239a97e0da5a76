public import Digests

/// What became of a tile job. Schema: `Schemas/tile-result.v1.json`.
public struct TileResult: Hashable, Sendable, Codable {
  public static let type = "tessera.tile-result.v1"

  public enum Outcome: Hashable, Sendable, Codable {
    /// The un-weighted mean probabilities of the patch, float32 little-endian `[class, z, y, x]`, lie in the store.
    case computed(probabilities: Digest, bytes: Int)
    /// The tile could not be computed; `reason` is one sentence without patient data.
    case failed(kind: FailureKind, reason: String)
  }

  public var version = 1
  public var run: RunID
  public var pass: PassID
  public var epoch: Int
  public var tile: Int
  public var attempt: Int
  public var outcome: Outcome
  /// The worker process that computed it, such as `host-4711`.
  public var worker: String
  /// Engine and instruction set, such as `winograd/avx512`: bits are equal only within one.
  public var engine: String
  public var timings: TileTimings
  /// Whether the worker leaves the tile to others, as the job asked for (`TileJob.excluding`): no failure, whatever the outcome says.
  public var declined: Bool?

  public init(
    job: TileJob, outcome: Outcome, worker: String, engine: String, timings: TileTimings = TileTimings(),
    declined: Bool? = nil
  ) {
    run = job.run
    pass = job.pass
    epoch = job.epoch
    tile = job.tile
    attempt = job.attempt
    self.outcome = outcome
    self.worker = worker
    self.engine = engine
    self.timings = timings
    self.declined = declined
  }

  /// What a worker answers that is to leave the tile to others.
  public static func declining(_ job: TileJob, worker: String) -> TileResult {
    TileResult(
      job: job,
      outcome: .failed(kind: .transient, reason: "The worker has computed the tile before; another one is to do it."),
      worker: worker, engine: "", declined: true)
  }
}

extension TileResult {
  public var isComputed: Bool {
    if case .computed = outcome { true } else { false }
  }
}

/// Seconds that a worker spent on a tile.
public struct TileTimings: Hashable, Sendable, Codable {
  /// Getting model and volume.
  public var fetch: Double
  /// In the network, all folds and mirrorings.
  public var infer: Double
  /// Putting the probabilities into the store.
  public var put: Double
  /// Seconds of processors, all threads together; `nil` where it isn't told.
  public var cpu: Double?

  public init(fetch: Double = 0, infer: Double = 0, put: Double = 0, cpu: Double? = nil) {
    self.fetch = fetch
    self.infer = infer
    self.put = put
    self.cpu = cpu
  }

  /// All that a slot spends on a tile.
  public var total: Double { fetch + infer + put }
}

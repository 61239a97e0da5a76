public import Digests

/// Work for a worker: predict one tile. Schema: `Schemas/tile-job.v1.json`.
public struct TileJob: Hashable, Sendable, Codable {
  public static let type = "tessera.tile-job.v1"

  public var version = 1
  public var run: RunID
  public var pass: PassID
  /// The run's epoch when the job was made; results of an earlier epoch are dropped.
  public var epoch: Int
  /// The tile's place in plan order.
  public var tile: Int
  /// Counted by the ledger: 1 for the first time.
  public var attempt: Int
  /// The blob that says what to compute: model, options, volume, tile plan (`PassDocument`).
  public var document: Digest
  /// Deliveries that the broker has forgotten, as a worker that was stopped handed the job back in a message of its own; absent for 0.
  public var earlierDeliveries: Int?
  /// Workers that have computed the tile before and are to leave it to others, whose results theirs are held against; `nil` for none.
  public var excluding: [String]?

  public init(
    run: RunID, pass: PassID, epoch: Int, tile: Int, attempt: Int, document: Digest, excluding: [String]? = nil
  ) {
    self.run = run
    self.pass = pass
    self.epoch = epoch
    self.tile = tile
    self.attempt = attempt
    self.document = document
    self.excluding = excluding
  }
}

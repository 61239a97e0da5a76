public import Foundation

/// What a worker says of itself, about every 10 s and whenever it changes. Schema: `Schemas/worker-status.v1.json`.
public struct WorkerStatus: Hashable, Sendable, Codable {
  public static let type = "tessera.worker-status.v1"

  /// How often an unchanged worker says that it is there.
  public static let interval = Duration.seconds(10)
  /// A worker that was not heard of for so long is lost.
  public static let patience = Duration.seconds(60)

  public enum State: String, Hashable, Sendable, Codable, CaseIterable {
    /// Its slots are being made ready.
    case starting
    case running
    /// It was asked to stop, and finishes what it has in hand.
    case draining
    /// Its last word.
    case stopped
    /// It takes no jobs, as it was found to compute wrongly.
    case quarantined
  }

  public var version = 1
  /// The worker process, such as `host-4711`.
  public var worker: String
  /// This life of the process: names come back, as with containers, whose processes often have the number 1.
  public var life: UUID
  /// Counts the words of this life from 1, so that an older one never replaces a newer one.
  public var number: Int
  public var host: String
  public var state: State
  /// Tiles that it computes at once.
  public var slots: Int
  /// Slots with a tile in hand.
  public var busySlots: Int
  /// Engine and instruction set of its last tile, such as `winograd/avx512`; `nil` before the first.
  public var engine: String?
  public var softwareVersion: String
  /// Bytes that it may use; `nil` for no limit.
  public var memoryLimit: Int?
  /// Bytes that it uses.
  public var memory: Int?
  /// Tiles computed in this life.
  public var tiles: Int
  /// Median seconds of its latest tiles, from getting what they need to the stored result; `nil` before the first.
  public var tileSeconds: Double?

  public init(
    worker: String, life: UUID, number: Int, host: String, state: State, slots: Int, busySlots: Int,
    engine: String? = nil, softwareVersion: String, memoryLimit: Int? = nil, memory: Int? = nil, tiles: Int = 0,
    tileSeconds: Double? = nil
  ) {
    self.worker = worker
    self.life = life
    self.number = number
    self.host = host
    self.state = state
    self.slots = slots
    self.busySlots = busySlots
    self.engine = engine
    self.softwareVersion = softwareVersion
    self.memoryLimit = memoryLimit
    self.memory = memory
    self.tiles = tiles
    self.tileSeconds = tileSeconds
  }

  /// Whether its numbers can be right: what comes in a message may be anything.
  var isPlausible: Bool {
    !worker.isEmpty && number > 0 && (1...Self.mostSlots).contains(slots) && (0...slots).contains(busySlots)
      && tiles >= 0 && (memoryLimit ?? 0) >= 0 && (memory ?? 0) >= 0 && (tileSeconds ?? 0) >= 0
  }

  private static let mostSlots = 1 << 20
}

/// A worker as the ledger knows it.
public struct WorkerRecord: Hashable, Sendable {
  /// What it last said.
  public var status: WorkerStatus
  /// When this life of the worker was first heard of, by the ledger's clock.
  public var startedAt: Date
  /// When it was last heard of, by the ledger's clock.
  public var seenAt: Date
  /// Whether it fell silent without a last word, for longer than `WorkerStatus.patience`.
  public var isLost: Bool

  public init(status: WorkerStatus, startedAt: Date, seenAt: Date, isLost: Bool) {
    self.status = status
    self.startedAt = startedAt
    self.seenAt = seenAt
    self.isLost = isLost
  }

  /// Whether it is there: neither lost nor stopped.
  public var isPresent: Bool { !isLost && status.state != .stopped }
}

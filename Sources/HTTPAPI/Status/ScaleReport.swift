public import FleetContracts

/// What `/v1/scale` answers: how much work waits, in seconds of one worker slot, and how many slots would do it in time.
///
/// The queue's length would mislead an autoscaler: it holds about two jobs for each slot however long the backlog in the ledger is, and a tile may
/// take a second or ten minutes. Encoded with keys in snake case.
public struct ScaleReport: Hashable, Sendable, Encodable {
  public struct ClassWork: Hashable, Sendable, Encodable {
    /// `stat`, `routine` or `batch`.
    public var `class`: String
    public var outstandingTiles: Int
    public var outstandingWorkSeconds: Double
  }

  /// Seconds that one slot would need for all that waits and is in work.
  public var outstandingWorkSeconds: Double
  /// Planned tiles without a result.
  public var outstandingTiles: Int
  /// Passes whose tiles aren't planned yet.
  public var unplannedPasses: Int
  /// The time in which the work shall be done, in seconds.
  public var drainSeconds: Double
  /// Slots that do it in that time; at least 1 while there is work, at most one for each tile.
  public var wantedSlots: Int
  /// Slots that take jobs at the moment; `null` while the broker can't be asked.
  public var liveSlots: Int?
  /// Whether the seconds rest on measurements of the very models; otherwise on others', or on an assumption.
  public var isMeasured: Bool
  /// Trainers that could work: jobs of trainings that have one or wait for one, but for those that wait because their tenant is paused.
  public var wantedTrainers: Int
  /// Most urgent first; classes without work are missing.
  public var classes: [ClassWork]

  /// - Parameters:
  ///   - drain: the time in which the work shall be done, in seconds, above 0.
  ///   - trainings: how trainings stand; `nil` for none.
  public init(work: [OutstandingWork], liveSlots: Int?, drain: Double, trainings: TrainingOverview? = nil) {
    wantedTrainers = trainings?.wantedTrainers ?? 0
    outstandingWorkSeconds = work.reduce(0) { $0 + $1.seconds }
    outstandingTiles = work.reduce(0) { $0 + $1.tiles }
    unplannedPasses = work.reduce(0) { $0 + $1.unplannedPasses }
    drainSeconds = drain
    self.liveSlots = liveSlots
    isMeasured = work.allSatisfy(\.isMeasured)
    classes = Dictionary(grouping: work, by: \.runClass).sorted { $0.key < $1.key }.map { runClass, work in
      ClassWork(
        class: runClass.rawValue, outstandingTiles: work.reduce(0) { $0 + $1.tiles },
        outstandingWorkSeconds: work.reduce(0) { $0 + $1.seconds })
    }
    let inTime = (outstandingWorkSeconds / drain).rounded(.up)
    let slots = max(1, inTime < 1e6 ? Int(inTime) : 1_000_000)
    wantedSlots = work.isEmpty ? 0 : unplannedPasses > 0 ? slots : min(slots, max(1, outstandingTiles))
  }
}

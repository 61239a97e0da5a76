public import Digests

/// Who is right when results of one tile differ, decided by those who agree: a pure value without I/O.
///
/// Each worker has one vote. Results of different engines differ in their last bits and say nothing of each other, so only those of one
/// engine are compared.
public struct Arbitration: Hashable, Sendable {
  public struct Vote: Hashable, Sendable {
    public var worker: String
    public var engine: String
    public var probabilities: Digest

    public init(worker: String, engine: String, probabilities: Digest) {
      self.worker = worker
      self.engine = engine
      self.probabilities = probabilities
    }
  }

  public enum Verdict: Hashable, Sendable {
    /// Another worker must compute the tile.
    case undecided
    /// The vote that is right, by its place, and the workers whose results are wrong.
    case decided(Int, wrong: [String])
    /// So many have computed it without two that agree that the tile itself is to blame.
    case hopeless
  }

  /// Votes without a majority from which no further worker is asked.
  public static let mostVotes = 5
  /// How long a tile whose one result nobody disputes waits for a second worker.
  public static let patienceForSecond = Duration.seconds(30)
  /// How long a disputed tile waits for a worker that can decide.
  public static let patienceForDecision = Duration.seconds(600)

  /// In the order of their coming.
  public var votes: [Vote]

  public init(votes: [Vote]) { self.votes = votes }

  /// Whether results of one engine differ.
  public var isDisputed: Bool {
    Dictionary(grouping: votes, by: \.engine).values.contains { Set($0.map(\.probabilities)).count > 1 }
  }

  public var verdict: Verdict {
    guard isDisputed else { return votes.count > 1 ? .decided(0, wrong: []) : .undecided }
    for engine in Set(votes.map(\.engine)).sorted() {
      let own = votes.filter { $0.engine == engine }
      let counts = Dictionary(grouping: own, by: \.probabilities).mapValues(\.count)
      guard counts.count > 1, let most = counts.values.max(), most > 1,
        counts.values.count(where: { $0 == most }) == 1,
        let right = votes.firstIndex(where: { $0.engine == engine && counts[$0.probabilities] == most })
      else { continue }
      let wrong = own.filter { $0.probabilities != votes[right].probabilities }.map(\.worker)
      return .decided(right, wrong: wrong)
    }
    return votes.count >= Self.mostVotes ? .hopeless : .undecided
  }

  /// Why a worker is quarantined that the others have outvoted.
  public static func quarantineReason(tile: Int, run: RunID, agreeing: Int) -> String {
    "Its result of tile \(tile) of run \(run) differs from that of \(agreeing) others with the same engine."
  }

  /// Why a worker is quarantined that contradicts itself, which no sound machine does.
  public static func quarantineReason(contradictingItselfIn tile: Int, run: RunID) -> String {
    "It has computed tile \(tile) of run \(run) twice, with different results."
  }

  /// Why a run has failed in a tile that nobody could decide about.
  public static func failure(tile: Int, waited patience: Duration) -> RunFailure {
    RunFailure(
      kind: .corrupt,
      reason:
        "Workers disagree over tile \(tile), and no other has come within \(patience.components.seconds) s to decide: start one more worker, on another machine, and replay the tile."
    )
  }

  /// Why a run has failed in a tile over which all disagree.
  public static func failure(tile: Int, votes: Int) -> RunFailure {
    RunFailure(
      kind: .corrupt, reason: "\(votes) workers have computed tile \(tile), and no two of them agree in the result.")
  }
}

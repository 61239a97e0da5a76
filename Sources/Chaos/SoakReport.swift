/// What became of everything that was submitted during a soak, in the words of Jepsen's `total-queue`.
public struct SoakTally: Sendable, Encodable {
  /// Studies, each with a key of its own.
  public var submitted = 0
  /// Runs that were promised to a caller, by key.
  public var acknowledged: [String: String] = [:]
  /// Acknowledged, and completed with the right bits.
  public var ok = 0
  /// Acknowledged, and not.
  public var lost = 0
  /// Runs that nobody asked for, or with other bits.
  public var unexpected = 0
  /// Runs too many for a key.
  public var duplicated = 0
  /// Submissions whose answer got lost, and whose repetition found the run.
  public var recovered = 0
  public var kills: [String: Int] = [:]
  public var outages: [String] = []
  /// Processes that ended without being killed.
  public var endedByThemselves = 0
  public var seconds = 0.0
  var answeredLater = 0

  public var allKills: Int { kills.values.reduce(0, +) }

  private enum CodingKeys: String, CodingKey {
    case submitted, ok, lost, unexpected, duplicated, recovered, kills, outages, endedByThemselves, seconds
  }
}

/// What a soak has found.
public struct SoakReport: Sendable, Encodable {
  public var seed: UInt64
  public var softwareVersion: String
  public var tally: SoakTally
  public var findings: [Finding]

  public var isBroken: Bool { findings.contains { !$0.holds } }
}

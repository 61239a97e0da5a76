/// What must hold whatever fails. The numbers are the design's.
public enum Invariant: Int, Sendable, Hashable, CaseIterable, Comparable, Codable {
  case everyRunEnds = 1
  case oneResult
  case sameBits
  case nothingAfterCancel
  case tilesAddUp
  case blobsVerify
  case legalTransitions
  case deadLettersMatch
  case oneCompletion
  case fewRepeats
  case urgentFirst
  case cleanDrain

  /// `I3`
  public var name: String { "I\(rawValue)" }

  /// One line, for reports.
  public var meaning: String {
    switch self {
    case .everyRunEnds: "every accepted run ends"
    case .oneResult: "one accepted result for each tile, one artifact for each run, one row for each label"
    case .sameBits: "the artifact's SHA-256 is that of a run without faults and with one worker"
    case .nothingAfterCancel: "nothing becomes visible after a cancel commits"
    case .tilesAddUp: "planned tiles = accepted + dead + outstanding"
    case .blobsVerify: "every accepted digest is in the store and verifies"
    case .legalTransitions: "runs change state only in legal ways"
    case .deadLettersMatch: "dead letters at the broker and in the ledger match one to one"
    case .oneCompletion: "a run is completed once"
    case .fewRepeats: "tiles computed again <= kills x slots"
    case .urgentFirst: "an urgent study's first tile waits for at most one job"
    case .cleanDrain: "a clean drain causes no redelivery"
    }
  }

  public static func < (one: Invariant, other: Invariant) -> Bool { one.rawValue < other.rawValue }
}

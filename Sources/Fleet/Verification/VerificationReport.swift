public import Digests
public import FleetContracts

/// What looking at a run again has brought.
public struct VerificationReport: Sendable, Encodable {
  /// A tile that was computed again.
  public struct Tile: Sendable, Encodable {
    public enum Verdict: String, Sendable, Encodable {
      case same
      case differs
      /// This machine computed it by another engine, so other bits prove nothing.
      case otherEngine = "other_engine"
    }

    /// The pass's place in the order of the work.
    public var pass: Int
    public var tile: Int
    /// What computed it then.
    public var engine: String
    /// What computed it now.
    public var engineHere: String
    public var verdict: Verdict
  }

  public var run: RunID
  /// As it was written when the run was completed.
  public var recordedRoot: Digest?
  /// Whether the run was trimmed: nothing can be computed again, only what it keeps is looked at.
  public var isTrimmed: Bool
  /// As it follows from the ledger's rows now.
  public var root: Digest
  /// Blobs that were read and have the bytes that their names say.
  public var blobs: Int
  public var tiles: [Tile]
  /// Passes that were stitched again; `nil` where that wasn't asked for.
  public var stitchedPasses: Int?
  /// What is wrong, as sentences; none when everything is as it was.
  public var findings: [String]

  init(_ evidence: RunEvidence) {
    run = evidence.run.id
    recordedRoot = evidence.recordedRoot
    root = evidence.root
    isTrimmed = evidence.isTrimmed
    blobs = 0
    tiles = []
    findings = []
  }
}

public import Digests

/// What a ledger needs of a store.
public struct NeededBlobs: Hashable, Sendable {
  /// By name.
  public var blobs: Set<Digest>
  /// Among `blobs`; what these pass documents name is needed too.
  public var documents: Set<Digest>
  /// Among `blobs`; the files of these models' manifests are needed too.
  public var manifests: Set<Digest>
  /// Among `blobs`; the files of these folders' manifests are needed too.
  public var folders: Set<Digest>
  /// Since the submission of the oldest run that isn't over, or the last report of the most silent trainer, whichever is longer: what was
  /// put since may be a result that the ledger hasn't heard of.
  public var oldestOpenRun: Duration?

  public init(
    blobs: Set<Digest>, documents: Set<Digest>, manifests: Set<Digest>, folders: Set<Digest> = [],
    oldestOpenRun: Duration?
  ) {
    self.blobs = blobs
    self.documents = documents
    self.manifests = manifests
    self.folders = folders
    self.oldestOpenRun = oldestOpenRun
  }
}

/// The part of the ledger that knows which blobs are still needed.
///
/// A run that is over may be *trimmed*: it keeps its images, pass documents, label maps and whatever was asked of it, and gives up what those
/// were made from: preprocessed volumes, the probabilities of tiles and of an ensemble's members.
public protocol BlobRetention: Sendable {
  /// Runs that have been over for longer than `age` and can be trimmed: not those with an open dead letter, which may be replayed. Those that
  /// ended first come first.
  func trimmableRuns(overFor age: Duration) async throws -> [RunID]

  /// Trims runs, for good, but for those that can't be any more.
  /// - Returns: those that are trimmed now and weren't before.
  func trim(_ runs: [RunID], by operator: String) async throws -> [RunID]

  /// Everything that is needed at this moment.
  /// - Parameter imagined: runs that are looked at as if they were trimmed.
  func neededBlobs(imaginingTrimmed imagined: Set<RunID>) async throws -> NeededBlobs
}

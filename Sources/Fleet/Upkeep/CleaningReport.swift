public import Digests
public import FleetContracts

/// What a store holds, and what of it nobody needs.
public struct CleaningReport: Sendable, Encodable {
  public struct Amount: Sendable, Hashable, Encodable {
    public var blobs = 0
    public var bytes = 0

    mutating func add(_ blob: InventoriedBlob) {
      blobs += 1
      bytes += blob.bytes
    }
  }

  /// Runs that are trimmed now, or would be: they keep their results, and give up what those were made from.
  public var trimmedRuns: [RunID]
  public var stored = Amount()
  /// Of it what the ledger's models and runs need.
  public var needed = Amount()
  /// Of it what is too young to tell.
  public var young = Amount()
  /// Of it what nobody needs.
  public var unneeded = Amount()
  /// Of that what was removed; the rest was put again meanwhile, or nothing was to be removed.
  public var removed = Amount()
  /// Folders that trainings need and that aren't in the store, as their manifests' names: whoever goes on from one fails.
  public var missingFolders: [Digest] = []
  /// Seconds; nothing younger was looked at.
  public var grace: Double
  /// Whether anything was to be removed.
  public var deletes: Bool
}

/// What a ledger wants done now and then, by whichever process looks after it.
public protocol LedgerUpkeep: Sendable {
  /// Brings the sums for analysts up to date where they are older than ten minutes, and makes room for the months to come. Cheap when there
  /// is nothing to do; of several processes one does it.
  func keepUp() async throws
}

internal import Digests
public import FleetContracts

/// The ledger in PostgreSQL 15 or later.
///
/// Every function is one transaction at the level *read committed* and takes its row locks in one order (pass, run, tile, outbox), so
/// that transactions wait for each other rather than deadlock. Leases, pauses and ages are measured by the database's clock only.
public final class PostgresLedger: Ledger {
  let pool: ConnectionPool

  /// - Parameters:
  ///   - url: libpq's connection string, `postgresql://user:password@host:5432/database`. It is a secret.
  ///   - connections: At most so many; they are made when they are needed.
  ///   - patience: How long an outage of the database is waited through.
  /// - Throws: `LedgerError.unavailable` when the string can't be read. Nothing is connected yet.
  public init(url: String, connections: Int = 4, patience: Duration = .seconds(300)) throws {
    pool = ConnectionPool(try ConnectionSettings(url: url), connections: connections, patience: patience)
  }

  /// Connects, waiting through an outage, and makes sure that the schema fits this program.
  /// - Throws: `LedgerError.notMigrated`, `.unavailable`.
  public static func open(
    url: String, connections: Int = 4, patience: Duration = .seconds(300)
  ) async throws -> PostgresLedger {
    let ledger = try PostgresLedger(url: url, connections: connections, patience: patience)
    do {
      let applied = try await ledger.pool.transaction { try Migrator.applied($0) }
      try Migrator.check(applied, isComplete: true)
    } catch {
      await ledger.close()
      throw error
    }
    return ledger
  }

  public func close() async { await pool.close() }
}

extension PostgresConnection {
  /// Locks a run's row until the end of the transaction.
  func lock(_ run: RunID) throws -> LockedRun? {
    let rows = try execute(
      "SELECT state, epoch, owner IS NOT NULL AS is_claimed FROM fleet.runs WHERE id = $1 FOR UPDATE", [run])
    guard let row = rows.first else { return nil }
    return LockedRun(
      state: try row.value("state"), epoch: try row.value("epoch"), isClaimed: try row.value("is_claimed"))
  }
}

/// What decides whether a claim is in force.
struct LockedRun {
  var state: RunState
  var epoch: Int
  var isClaimed: Bool

  /// A lease that is over is in force until somebody else claims the run, which raises the epoch.
  func isHeld(by claim: RunClaim) -> Bool { isClaimed && epoch == claim.epoch }
}

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
    // In a statement of its own: the first one may have waited for the lock while another finished a pass.
    let passes = try execute(
      """
      SELECT count(*) AS passes, count(p.label_map) AS done
      FROM fleet.pass_requests q LEFT JOIN fleet.passes p ON p.run = q.run AND p.position = q.position WHERE q.run = $1
      """, [run])
    return LockedRun(
      lifecycle: RunLifecycle(
        state: try row.value("state"), epoch: try row.value("epoch"), isClaimed: try row.value("is_claimed"),
        passesDone: try passes.first?.value("done") ?? 0, passes: try passes.first?.value("passes") ?? 0))
  }
}

/// A run whose row is locked: what decides which steps it may take.
struct LockedRun {
  var lifecycle: RunLifecycle
  var state: RunState { lifecycle.state }
  var epoch: Int { lifecycle.epoch }

  /// Whether the claim's holder may take the step. A lease that is over is in force until somebody else claims the run, which
  /// raises the epoch.
  func allows(_ event: RunEvent, by claim: RunClaim) -> Bool {
    lifecycle.transition(on: event, epoch: claim.epoch) != nil
  }
}

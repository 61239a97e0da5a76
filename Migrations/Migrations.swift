/// The ledger's schema, step by step. The SQL files lie beside this one and are embedded in the program.
///
/// A step that has been released is never changed, as databases exist that have taken it; a change of the schema is a new step:
/// a file `NNNN_name.sql`, one that takes it back, `NNNN_name.down.sql`, their lines in `Package.swift`, its line in `all`.
public enum Migrations {
  public static let all = [
    Migration(
      version: 1, name: "ledger", sql: PackageResources._001_ledger_sql,
      down: PackageResources._001_ledger_down_sql),
    Migration(
      version: 2, name: "passes", sql: PackageResources._002_passes_sql,
      down: PackageResources._002_passes_down_sql),
    Migration(
      version: 3, name: "engines", sql: PackageResources._003_engines_sql,
      down: PackageResources._003_engines_down_sql),
    Migration(
      version: 4, name: "urgency", sql: PackageResources._004_urgency_sql,
      down: PackageResources._004_urgency_down_sql),
    Migration(
      version: 5, name: "recording", sql: PackageResources._005_recording_sql,
      down: PackageResources._005_recording_down_sql),
    Migration(
      version: 6, name: "work", sql: PackageResources._006_work_sql,
      down: PackageResources._006_work_down_sql),
    Migration(
      version: 7, name: "workers", sql: PackageResources._007_workers_sql,
      down: PackageResources._007_workers_down_sql),
    Migration(
      version: 8, name: "state_machines", sql: PackageResources._008_state_machines_sql,
      down: PackageResources._008_state_machines_down_sql),
    Migration(
      version: 9, name: "watching", sql: PackageResources._009_watching_sql,
      down: PackageResources._009_watching_down_sql),
    Migration(
      version: 10, name: "invariants", sql: PackageResources._010_invariants_sql,
      down: PackageResources._010_invariants_down_sql),
    Migration(
      version: 11, name: "verification", sql: PackageResources._011_verification_sql,
      down: PackageResources._011_verification_down_sql),
    Migration(
      version: 12, name: "dispatch", sql: PackageResources._012_dispatch_sql,
      down: PackageResources._012_dispatch_down_sql),
    Migration(
      version: 13, name: "failures", sql: PackageResources._013_failures_sql,
      down: PackageResources._013_failures_down_sql),
    Migration(
      version: 14, name: "quarantine", sql: PackageResources._014_quarantine_sql,
      down: PackageResources._014_quarantine_down_sql),
    Migration(
      version: 15, name: "hedging", sql: PackageResources._015_hedging_sql,
      down: PackageResources._015_hedging_down_sql),
    Migration(
      version: 16, name: "upkeep", sql: PackageResources._016_upkeep_sql,
      down: PackageResources._016_upkeep_down_sql),
    Migration(
      version: 17, name: "http_api", sql: PackageResources._017_http_api_sql,
      down: PackageResources._017_http_api_down_sql),
    Migration(
      version: 18, name: "analytics", sql: PackageResources._018_analytics_sql,
      down: PackageResources._018_analytics_down_sql),
    Migration(
      version: 19, name: "partitions", sql: PackageResources._019_partitions_sql,
      down: PackageResources._019_partitions_down_sql),
    Migration(
      version: 20, name: "events", sql: PackageResources._020_events_sql,
      down: PackageResources._020_events_down_sql),
    Migration(
      version: 21, name: "event_promise", sql: PackageResources._021_event_promise_sql,
      down: PackageResources._021_event_promise_down_sql),
    Migration(
      version: 22, name: "training", sql: PackageResources._022_training_sql,
      down: PackageResources._022_training_down_sql),
    Migration(
      version: 23, name: "training_retries", sql: PackageResources._023_training_retries_sql,
      down: PackageResources._023_training_retries_down_sql),
    Migration(
      version: 24, name: "training_acts", sql: PackageResources._024_training_acts_sql,
      down: PackageResources._024_training_acts_down_sql),
  ]

  /// Makes the database's roles and gives them their rights; run again, it changes nothing. Roles are called `tessera_…` in it.
  public static let roles = String(decoding: PackageResources.roles_sql, as: UTF8.self)
}

/// One step of the schema. It runs in a transaction of its own, in a database that has the schemas `fleet` and `analytics`.
public struct Migration: Sendable {
  /// 1, 2, 3 …, without gaps.
  public let version: Int
  public let name: String
  public let sql: String
  /// Takes the step back. What only the newer schema can hold is lost, or said in the older one's words.
  public let down: String

  init(version: Int, name: String, sql: [UInt8], down: [UInt8]) {
    self.version = version
    self.name = name
    self.sql = String(decoding: sql, as: UTF8.self)
    self.down = String(decoding: down, as: UTF8.self)
  }
}

public import FleetContracts
internal import Foundation

extension PostgresLedger {
  public func runs(_ filter: RunFilter, after last: RunID?, limit: Int) async throws -> [RunRecord] {
    try await pool.transaction { database in
      let selection = try Selection(filter, after: last, limit: limit)
      return try database.runRecords(selection.sql, selection.values)
    }
  }
}

/// Conditions, order and limit on `fleet.runs r`. Only what is asked for stands in the statement, so that the planner finds the index for it.
private struct Selection {
  var sql = ""
  var values: [(any SQLValue)?] = []
  private var conditions: [String] = []

  init(_ filter: RunFilter, after last: RunID?, limit: Int) throws {
    if let tenant = filter.tenant { require(tenant) { "r.tenant = \($0)" } }
    if let runClass = filter.runClass { require(runClass) { "r.class = \($0)" } }
    if let model = filter.model { require(model) { "r.model_name = \($0)" } }
    if let since = filter.since { require(since) { "r.submitted_at >= to_timestamp(\($0))" } }
    if let until = filter.until { require(until) { "r.submitted_at < to_timestamp(\($0))" } }
    if !filter.states.isEmpty {
      require(try SQLJSON(filter.states.map(\.rawValue).sorted())) {
        "r.state IN (SELECT jsonb_array_elements_text(\($0)::jsonb))"
      }
    }
    if let last {
      require(last) { "(r.submitted_at, r.id) < (SELECT l.submitted_at, l.id FROM fleet.runs l WHERE l.id = \($0))" }
    }
    values.append(max(0, limit))
    let order = "ORDER BY r.submitted_at DESC, r.id DESC LIMIT $\(values.count)"
    sql = conditions.isEmpty ? order : "WHERE \(conditions.joined(separator: " AND ")) \(order)"
  }

  private mutating func require(_ value: any SQLValue, _ condition: (String) -> String) {
    values.append(value)
    conditions.append(condition("$\(values.count)"))
  }
}

public import FleetContracts
internal import Foundation

extension InMemoryLedger {
  public func runs(_ filter: RunFilter, after last: RunID?, limit: Int) async throws -> [RunRecord] {
    var rest = order[...]
    if let last { rest = order[..<(order.firstIndex(of: last) ?? 0)] }
    return rest.reversed().lazy.compactMap { self.runs[$0] }.filter { Self.matches($0.record, filter) }
      .prefix(max(0, limit)).map(record)
  }

  private static func matches(_ run: RunRecord, _ filter: RunFilter) -> Bool {
    (filter.states.isEmpty || filter.states.contains(run.state))
      && (filter.runClass == nil || filter.runClass == run.runClass)
      && (filter.tenant == nil || filter.tenant == run.tenant)
      && (filter.model == nil || filter.model == run.model.name)
      && filter.since.map { run.submittedAt >= $0 } ?? true && filter.until.map { run.submittedAt < $0 } ?? true
  }
}

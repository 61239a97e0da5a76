public import FleetContracts
internal import Foundation

extension InMemoryLedger {
  /// Without rates: this ledger doesn't keep when, and by whom, its results were brought.
  public func overview() async throws -> FleetOverview {
    writeEvents()
    let records = order.compactMap { runs[$0] }
    let counts = Dictionary(grouping: records) { [$0.record.state.rawValue, $0.record.runClass.rawValue] }
    let predicting = records.filter { $0.record.state == .predicting }
    let tiles = passes.values.flatMap(\.tiles)
    return FleetOverview(
      at: Date(),
      runs: counts.sorted { $0.key.lexicographicallyPrecedes($1.key) }.compactMap { _, runs in
        runs.first.map { .init(state: $0.record.state, runClass: $0.record.runClass, count: runs.count) }
      },
      outstanding: RunClass.allCases.sorted { $0.rawValue < $1.rawValue }.compactMap { runClass in
        let open = predicting.filter { $0.record.runClass == runClass }.flatMap(\.passes)
          .flatMap { passes[$0]?.tiles ?? [] }.filter { $0.state != .done }
        return open.isEmpty
          ? nil
          : .init(
            runClass: runClass, planned: open.count { $0.state == .planned }, queued: open.count { $0.state == .queued }
          )
      },
      runsInWork: records.filter { !$0.record.state.isFinal }
        .sorted { ($0.record.runClass, $0.record.submittedAt) < ($1.record.runClass, $1.record.submittedAt) }
        .prefix(FleetOverview.mostRuns).map(inWork),
      deadTiles: tiles.count { $0.state == .dead }, deadlineMisses: deadlineMisses(records.map(\.record)),
      deadLetters: Dictionary(grouping: deadLetters, by: \.failureWord).sorted { $0.key < $1.key }
        .map { .init(reason: $0.key, count: $0.value.count) }, attention: try await attention(),
      events: eventBacklog)
  }

  private var eventBacklog: EventBacklog {
    let waiting = events.filter { !$0.isPublished }
    return EventBacklog(
      unpublished: waiting.count, lag: waiting.first.map { max(0, Date().timeIntervalSince($0.event.at)) } ?? 0,
      pendingDeliveries: webhookDeliveries.count { $0.state == .pending && !$0.isRemoved })
  }

  public func attention() async throws -> FleetAttention {
    FleetAttention(
      openDeadLetters: deadLetters.count { $0.state == .open }, quarantines: quarantines.count(where: \.isInForce))
  }

  private func deadlineMisses(_ records: [RunRecord]) -> [FleetOverview.DeadlineMisses] {
    let late = records.filter { run in
      let isOver = run.state == .completed || run.state == .cancelled
      return run.deadline.map { $0 < (isOver ? run.finishedAt : nil) ?? Date() } ?? false
    }
    return Dictionary(grouping: late, by: \.runClass).sorted { $0.key.rawValue < $1.key.rawValue }
      .map { .init(runClass: $0.key, count: $0.value.count) }
  }

  private func inWork(_ run: Run) -> FleetOverview.RunInWork {
    let tiles = run.passes.last.flatMap { passes[$0]?.tiles } ?? []
    return FleetOverview.RunInWork(
      run: run.record.id, model: run.record.model.name, runClass: run.record.runClass, tenant: run.record.tenant.name,
      state: run.record.state, passes: run.record.passes.count, position: max(0, run.passes.count - 1),
      plannedTiles: tiles.count, acceptedTiles: tiles.count { $0.accepted != nil },
      submittedAt: run.record.submittedAt, recentTiles: 0)
  }

  /// Nothing looks at this ledger's rows but its own functions.
  public func violations() async throws -> [String: Int] { [:] }
}

extension DeadLetter {
  fileprivate var failureWord: String {
    if case .tile(_, let kind) = content { kind.rawValue } else { "unreadable" }
  }
}

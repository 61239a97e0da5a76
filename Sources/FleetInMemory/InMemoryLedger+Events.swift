public import FleetContracts
public import Foundation

extension InMemoryLedger {
  public func events(after position: Int, run: RunID?, tenant: Tenant?, limit: Int) async throws -> [FleetEvent] {
    writeEvents()
    return Array(
      events.lazy.map(\.event).filter {
        $0.position > position && (run == nil || $0.run == run) && (tenant == nil || $0.tenant == tenant)
      }.prefix(max(0, limit)))
  }

  public func lastEventPosition() async throws -> Int {
    writeEvents()
    return events.last?.event.position ?? 0
  }

  public func event(_ id: UUID) async throws -> FleetEvent? {
    writeEvents()
    return events.first { $0.event.id == id }?.event
  }

  public func claimEvents(limit: Int, lease: Duration) async throws -> [FleetEvent] {
    writeEvents()
    let now = now
    let due = events.indices.filter { !events[$0].isPublished && (events[$0].claimedUntil ?? .zero) <= now }
    return due.prefix(max(0, limit)).map { index in
      events[index].claimedUntil = now + lease
      return events[index].event
    }
  }

  public func markPublished(_ published: [FleetEvent]) async throws {
    let ids = Set(published.map(\.id))
    for index in events.indices where ids.contains(events[index].event.id) { events[index].isPublished = true }
  }

  /// Makes events of the changes since the last call, and what webhooks are to be told of them. Called before whatever looks at events, and
  /// before whatever changes what they tell.
  func writeEvents() {
    for change in runs.takeChanges() {
      var facts = RunFacts(change.record)
      // Of the passes that were planned then; those of a run that goes on are counted now.
      if let run = runs[change.record.id] {
        let counted = record(run)
        (facts.plannedTiles, facts.acceptedTiles) = (counted.plannedTiles, counted.acceptedTiles)
      }
      let event = FleetEvent(
        position: events.count + 1, id: UUID(), at: change.moment.at, tenant: change.record.tenant,
        trace: change.record.trace, data: facts)
      events.append(KeptEvent(event: event))
      for kept in webhooks
      where kept.webhook.tenant == event.tenant && kept.webhook.disabledAt == nil
        && kept.webhook.states.contains(event.state)
      {
        webhookDeliveries.append(
          KeptDelivery(id: webhookDeliveries.count + 1, webhook: kept.webhook.id, event: event, begun: now, due: now))
      }
    }
  }
}

struct KeptEvent {
  var event: FleetEvent
  var claimedUntil: Duration?
  var isPublished = false
}

public import FleetContracts
public import Foundation

extension InMemoryLedger {
  public func add(_ webhook: Webhook, secret: WebhookSecret) async throws {
    writeEvents()
    guard !webhooks.contains(where: { $0.webhook.id == webhook.id }) else { return }
    webhooks.append(KeptWebhook(webhook: webhook, secret: secret))
  }

  public func webhooks(of tenant: Tenant?) async throws -> [Webhook] {
    webhooks.map(\.webhook).filter { tenant == nil || $0.tenant == tenant }
  }

  public func removeWebhook(_ id: UUID) async throws -> Bool {
    writeEvents()
    guard let index = webhooks.firstIndex(where: { $0.webhook.id == id }) else { return false }
    webhooks.remove(at: index)
    for index in webhookDeliveries.indices where webhookDeliveries[index].webhook == id {
      webhookDeliveries[index].isRemoved = true
    }
    return true
  }

  public func enableWebhook(_ id: UUID) async throws -> Bool {
    writeEvents()
    guard let index = webhooks.firstIndex(where: { $0.webhook.id == id }), webhooks[index].webhook.disabledAt != nil
    else { return false }
    webhooks[index].webhook.disabledAt = nil
    webhooks[index].webhook.disabledReason = nil
    return true
  }

  public func claimDeliveries(limit: Int, lease: Duration) async throws -> [ClaimedDelivery] {
    writeEvents()
    let now = now
    let due = webhookDeliveries.indices.filter { index in
      let kept = webhookDeliveries[index]
      return kept.state == .pending && !kept.isRemoved && kept.due <= now && (kept.claimedUntil ?? .zero) <= now
    }.sorted { webhookDeliveries[$0].due < webhookDeliveries[$1].due }
    return due.prefix(max(0, limit)).compactMap { index in
      guard let secret = webhooks.first(where: { $0.webhook.id == webhookDeliveries[index].webhook })?.secret else {
        return nil
      }
      webhookDeliveries[index].claimedUntil = now + lease
      webhookDeliveries[index].attempts += 1
      return ClaimedDelivery(delivery: delivery(webhookDeliveries[index]), secret: secret)
    }
  }

  public func settle(_ claimed: ClaimedDelivery, _ outcome: DeliveryOutcome) async throws {
    guard let index = webhookDeliveries.firstIndex(where: { $0.id == claimed.delivery.id }),
      webhookDeliveries[index].state == .pending, webhookDeliveries[index].attempts == claimed.delivery.attempts,
      webhookDeliveries[index].claimedUntil != nil
    else { return }
    webhookDeliveries[index].claimedUntil = nil
    func note(_ state: WebhookDelivery.State, _ status: Int?, _ answer: String?) {
      webhookDeliveries[index].state = state
      webhookDeliveries[index].status = status
      webhookDeliveries[index].answer = answer
    }
    switch outcome {
    case .delivered(let status): note(.delivered, status, nil)
    case .retry(let pause, let status, let answer):
      note(.pending, status, answer)
      webhookDeliveries[index].due = now + pause
    case .givenUp(let status, let answer): note(.failed, status, answer)
    case .gone:
      note(.failed, 410, Webhook.goneReason)
      let id = claimed.delivery.webhook
      for other in webhookDeliveries.indices
      where webhookDeliveries[other].webhook == id && webhookDeliveries[other].state == .pending {
        webhookDeliveries[other].state = .failed
        webhookDeliveries[other].answer = Webhook.disabledAnswer
      }
      if let webhook = webhooks.firstIndex(where: { $0.webhook.id == id }) {
        webhooks[webhook].webhook.disabledAt = Date()
        webhooks[webhook].webhook.disabledReason = Webhook.goneReason
      }
    }
  }

  public func deliveries(to webhook: UUID?, onlyUnsettled: Bool, limit: Int) async throws -> [WebhookDelivery] {
    writeEvents()
    let wanted = webhookDeliveries.reversed().filter {
      !$0.isRemoved && (webhook == nil || $0.webhook == webhook) && (!onlyUnsettled || $0.state != .delivered)
    }
    return wanted.prefix(max(0, limit)).map(delivery)
  }

  public func replayDelivery(_ id: Int) async throws -> Bool { replay { $0.id == id } == 1 }

  public func replayDeliveries(of event: UUID) async throws -> Int { replay { $0.event.id == event } }

  public func replayFailedDeliveries(to webhook: UUID) async throws -> Int {
    replay { $0.webhook == webhook && $0.state == .failed }
  }

  private func replay(_ isWanted: (KeptDelivery) -> Bool) -> Int {
    writeEvents()
    var count = 0
    for index in webhookDeliveries.indices
    where !webhookDeliveries[index].isRemoved && isWanted(webhookDeliveries[index]) {
      webhookDeliveries[index].state = .pending
      webhookDeliveries[index].begun = now
      webhookDeliveries[index].due = now
      // Whoever has it in hand can't settle it any more.
      webhookDeliveries[index].claimedUntil = nil
      count += 1
    }
    return count
  }

  private func delivery(_ kept: KeptDelivery) -> WebhookDelivery {
    WebhookDelivery(
      id: kept.id, webhook: kept.webhook, url: webhooks.first { $0.webhook.id == kept.webhook }?.webhook.url ?? "",
      event: kept.event, state: kept.state, attempts: kept.attempts, age: now - kept.begun,
      dueAt: Date().addingTimeInterval((kept.due - now) / .seconds(1)), status: kept.status, answer: kept.answer)
  }
}

struct KeptWebhook {
  var webhook: Webhook
  var secret: WebhookSecret
}

struct KeptDelivery {
  var id: Int
  var webhook: UUID
  var event: FleetEvent
  var state = WebhookDelivery.State.pending
  var attempts = 0
  var begun: Duration
  var due: Duration
  var claimedUntil: Duration?
  var status: Int?
  var answer: String?
  /// Whether its webhook has been removed.
  var isRemoved = false

  init(id: Int, webhook: UUID, event: FleetEvent, begun: Duration, due: Duration) {
    self.id = id
    self.webhook = webhook
    self.event = event
    self.begun = begun
    self.due = due
  }
}

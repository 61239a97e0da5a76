internal import FleetContracts
internal import Foundation
internal import Testing

extension LedgerLaw {
  private static func added(
    _ ledger: any Ledger, tenant: Tenant = .default, states: Set<RunState> = [.submitted, .cancelled]
  ) async throws -> (Webhook, WebhookSecret) {
    let (webhook, secret) = (Webhook(tenant: tenant, url: "https://example.org/hook", states: states), WebhookSecret())
    try await ledger.add(webhook, secret: secret)
    try await ledger.add(webhook, secret: WebhookSecret())
    return (webhook, secret)
  }

  static let webhooks = [
    LedgerLaw("a webhook is told of its tenant's and its states' events from its adding on") { bench in
      let ledger = try await bench.ledger()
      let ward = try Tenant("ward-7")
      let before = try await bench.submitted(ledger, "earlier")
      let (webhook, secret) = try await added(ledger, states: [.submitted])
      _ = try await added(ledger, tenant: ward)
      let run = try await bench.submitted(ledger)
      _ = try await ledger.cancel(before)
      let claimed = try await ledger.claimDeliveries(limit: 9, lease: LedgerBench.lease)
      #expect(claimed.map(\.delivery.event.run) == [run] && claimed.map(\.delivery.webhook) == [webhook.id])
      #expect(claimed.first?.secret == secret && claimed.first?.delivery.url == webhook.url)
      #expect(
        claimed.first?.delivery.event == (try await ledger.events(after: 0, run: run, tenant: nil, limit: 1).first))
      let listed = try await ledger.webhooks(of: nil)
      #expect(listed.count == 2 && listed.first?.states == [.submitted] && listed.allSatisfy { $0.disabledAt == nil })
      #expect(try await ledger.webhooks(of: ward).map(\.tenant) == [ward])
    },
    LedgerLaw("a delivery is one process's for its lease, and comes again until it is settled") { bench in
      let ledgers = [try await bench.ledger(), try await bench.ledger()]
      _ = try await added(ledgers[0])
      _ = try await bench.submitted(ledgers[0])
      let first = try #require(try await ledgers[0].claimDeliveries(limit: 9, lease: .seconds(10)).first)
      #expect(first.delivery.attempts == 1)
      #expect(try await ledgers[1].claimDeliveries(limit: 9, lease: .seconds(10)) == [])
      try await bench.advance(by: .seconds(11))
      let second = try #require(try await ledgers[1].claimDeliveries(limit: 9, lease: .seconds(10)).first)
      #expect(second.delivery.attempts == 2 && second.delivery.event == first.delivery.event)
      #expect(second.delivery.age >= .seconds(11))
      // Whoever was too slow changes nothing.
      try await ledgers[0].settle(first, .delivered(status: 200))
      try await ledgers[1].settle(second, .retry(after: .seconds(60), status: 503, answer: "busy"))
      #expect(try await ledgers[0].claimDeliveries(limit: 9, lease: .seconds(10)) == [])
      let waiting = try #require(try await ledgers[0].deliveries(to: nil, onlyUnsettled: true, limit: 9).first)
      #expect(waiting.state == .pending && waiting.status == 503 && waiting.answer == "busy" && waiting.attempts == 2)
      try await bench.advance(by: .seconds(61))
      let third = try #require(try await ledgers[0].claimDeliveries(limit: 9, lease: .seconds(10)).first)
      try await ledgers[0].settle(third, .delivered(status: 204))
      try await bench.advance(by: .seconds(61))
      #expect(try await ledgers[0].claimDeliveries(limit: 9, lease: .seconds(10)) == [])
      #expect(try await ledgers[0].deliveries(to: nil, onlyUnsettled: true, limit: 9) == [])
      #expect(try await ledgers[0].deliveries(to: nil, onlyUnsettled: false, limit: 9).map(\.state) == [.delivered])
    },
    LedgerLaw("what is replayed is delivered again, with the same event") { bench in
      let ledger = try await bench.ledger()
      let (webhook, _) = try await added(ledger)
      _ = try await bench.submitted(ledger)
      let first = try #require(try await ledger.claimDeliveries(limit: 9, lease: LedgerBench.lease).first)
      try await ledger.settle(first, .delivered(status: 200))
      #expect(try await ledger.replayDelivery(first.delivery.id))
      #expect(try await ledger.replayDelivery(987_654) == false)
      let again = try #require(try await ledger.claimDeliveries(limit: 9, lease: LedgerBench.lease).first)
      #expect(again.delivery.event == first.delivery.event && again.delivery.id == first.delivery.id)
      try await ledger.settle(again, .givenUp(status: nil, answer: "nobody is there"))
      #expect(try await ledger.replayDeliveries(of: first.delivery.event.id) == 1)
      #expect(try await ledger.replayDeliveries(of: UUID()) == 0)
      let third = try #require(try await ledger.claimDeliveries(limit: 9, lease: LedgerBench.lease).first)
      // In hand while an operator asks for it once more: settling it doesn't take that away.
      #expect(try await ledger.replayDelivery(first.delivery.id))
      try await ledger.settle(third, .delivered(status: 200))
      let fourth = try #require(try await ledger.claimDeliveries(limit: 9, lease: LedgerBench.lease).first)
      try await ledger.settle(fourth, .givenUp(status: 500, answer: "broken"))
      #expect(try await ledger.replayFailedDeliveries(to: webhook.id) == 1)
      #expect(try await ledger.replayFailedDeliveries(to: webhook.id) == 0)
    },
    LedgerLaw("a receiver that is gone disables its webhook until it is enabled") { bench in
      let ledger = try await bench.ledger()
      let (webhook, _) = try await added(ledger)
      for index in 0..<2 { _ = try await bench.submitted(ledger, "image \(index)") }
      let first = try #require(try await ledger.claimDeliveries(limit: 1, lease: LedgerBench.lease).first)
      try await ledger.settle(first, .gone)
      let disabled = try #require(try await ledger.webhooks(of: nil).first)
      #expect(disabled.disabledAt != nil && disabled.disabledReason?.contains("410") == true)
      _ = try await bench.submitted(ledger, "later")
      #expect(try await ledger.claimDeliveries(limit: 9, lease: LedgerBench.lease) == [])
      #expect(
        try await ledger.deliveries(to: webhook.id, onlyUnsettled: false, limit: 9).map(\.state) == [.failed, .failed])
      #expect(try await ledger.enableWebhook(webhook.id))
      #expect(try await ledger.enableWebhook(webhook.id) == false)
      _ = try await bench.submitted(ledger, "last")
      #expect(try await ledger.claimDeliveries(limit: 9, lease: LedgerBench.lease).count == 1)
    },
    LedgerLaw("a webhook that is removed is told nothing more") { bench in
      let ledger = try await bench.ledger()
      let (webhook, _) = try await added(ledger)
      _ = try await bench.submitted(ledger)
      #expect(try await ledger.removeWebhook(webhook.id))
      #expect(try await ledger.removeWebhook(webhook.id) == false)
      #expect(try await ledger.claimDeliveries(limit: 9, lease: LedgerBench.lease) == [])
      #expect(try await ledger.webhooks(of: nil) == [])
      #expect(try await ledger.deliveries(to: nil, onlyUnsettled: false, limit: 9) == [])
    },
  ]
}

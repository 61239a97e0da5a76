public import FleetContracts
internal import Foundation
public import Logging
public import ServiceLifecycle

/// Tells others what becomes of runs: publishes events to the broker and posts them to webhooks. Any number may run; each event and each
/// delivery is one process's for the length of a lease.
public struct EventService: Service, CustomStringConvertible {
  /// The service's name in logs.
  public var description: String { "events" }

  private static let publishedAtOnce = 64
  private static let postedAtOnce = 8
  /// Loops that post, so that slow receivers don't hold up all others.
  private static let posters = 4
  /// Longer than a receiver may take to answer; whatever is in hand of a process that dies is posted again so much later.
  private static let inHand = Duration.seconds(20)
  /// How long the broker may take to confirm.
  private static let confirmation = Duration.seconds(10)

  private let ledger: any Ledger
  private let gate: any UpstreamGate
  private let sender: any WebhookSending
  private let settings: ServiceSettings
  private let logger: Logger

  public init(
    ledger: any Ledger, gate: any UpstreamGate, sender: any WebhookSending, settings: ServiceSettings, logger: Logger
  ) {
    self.ledger = ledger
    self.gate = gate
    self.sender = sender
    self.settings = settings
    self.logger = logger
  }

  public func run() async throws {
    logger.info("events started")
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await loop("publish events").run(publish) }
      for number in 1...Self.posters { group.addTask { await loop("post events \(number)").run(post) } }
    }
    await sender.close()
    logger.info("events stopped")
  }

  private func loop(_ step: String) -> ServiceLoop {
    ServiceLoop(step: step, interval: settings.pollInterval, logger: logger, vitals: settings.vitals)
  }

  /// Published, then noted: whatever is interrupted between the two is published again, with the same identifier.
  private func publish() async throws -> Bool {
    let events = try await ledger.claimEvents(limit: Self.publishedAtOnce, lease: settings.lease)
    guard !events.isEmpty else { return false }
    if await isPublished(events) {
      try await ledger.markPublished(events)
      return true
    }
    // One that a listener's full queue refuses doesn't keep the others back; it is tried again when its lease is over.
    var count = 0
    for event in events where Pausing.goesOn {
      guard await isPublished([event]) else { continue }
      try await ledger.markPublished([event])
      count += 1
    }
    if count < events.count {
      logger.warning(
        "events not confirmed by the broker, trying again", metadata: ["events": "\(events.count - count)"])
    }
    return false
  }

  private func isPublished(_ events: [FleetEvent]) async -> Bool {
    await withTaskGroup(of: Bool.self) { group in
      group.addTask {
        do {
          try await gate.publish(events)
          return true
        } catch {
          return false
        }
      }
      group.addTask {
        try? await Task.sleep(for: Self.confirmation)
        return false
      }
      let isPublished = await group.next() ?? false
      group.cancelAll()
      return isPublished
    }
  }

  private func post() async throws -> Bool {
    let claimed = try await ledger.claimDeliveries(limit: Self.postedAtOnce, lease: max(settings.lease, Self.inHand))
    guard !claimed.isEmpty else { return false }
    await withTaskGroup(of: Void.self) { group in
      for one in claimed { group.addTask { await post(one) } }
    }
    return true
  }

  private func post(_ claimed: ClaimedDelivery) async {
    let delivery = claimed.delivery
    let answer = await sender.post(claimed)
    let outcome = WebhookRetry.outcome(
      of: answer, attempt: delivery.attempts, age: delivery.age, chance: .random(in: 0..<1))
    let facts: Logger.Metadata = [
      "webhook": "\(delivery.webhook)", "event": "\(delivery.event.id)", "run": "\(delivery.event.run)",
      "attempt": "\(delivery.attempts)",
    ]
    switch outcome {
    case .delivered: logger.debug("event delivered", metadata: facts)
    case .retry(let pause, let status, _):
      let seconds = Int(pause / .seconds(1))
      logger.notice(
        "event not delivered, trying again",
        metadata: facts.merging(["status": "\(status ?? 0)", "pauseSeconds": "\(seconds)"]) { $1 })
    case .givenUp: logger.error("event given up", metadata: facts)
    case .gone: logger.warning("the receiver wants no more events, its webhook is disabled", metadata: facts)
    }
    do {
      try await ledger.settle(claimed, outcome)
    } catch {
      // Posted again when the lease is over; the receiver knows the event by its identifier.
      logger.warning("delivery not noted", metadata: facts.merging(["error": "\(error)"]) { $1 })
    }
  }
}

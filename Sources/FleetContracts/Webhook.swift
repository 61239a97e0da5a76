public import Foundation

/// Where a tenant's events are posted to.
public struct Webhook: Hashable, Sendable {
  public var id: UUID
  public var tenant: Tenant
  public var url: String
  /// The states that it is told of.
  public var states: Set<RunState>
  public var createdAt: Date
  /// Since when, and why, nothing is posted.
  public var disabledAt: Date?
  public var disabledReason: String?

  public init(
    id: UUID = UUID(), tenant: Tenant, url: String, states: Set<RunState> = Self.ends, createdAt: Date = Date(),
    disabledAt: Date? = nil, disabledReason: String? = nil
  ) {
    self.id = id
    self.tenant = tenant
    self.url = url
    self.states = states
    self.createdAt = createdAt
    self.disabledAt = disabledAt
    self.disabledReason = disabledReason
  }

  /// What most want to know: that a run is over.
  public static let ends: Set<RunState> = [.completed, .failed, .cancelled]

  public static let goneReason = "The receiver has answered that it wants nothing any more (410)."
  public static let disabledAnswer = "The webhook was disabled before this was delivered."
}

/// An event on its way to a webhook.
public struct WebhookDelivery: Hashable, Sendable {
  public enum State: String, Hashable, Sendable, Codable, CaseIterable {
    case pending
    case delivered
    /// Given up: a day has passed, or the webhook is disabled.
    case failed
  }

  public var id: Int
  public var webhook: UUID
  public var url: String
  public var event: FleetEvent
  public var state: State
  /// How often it was posted, or begun to be.
  public var attempts: Int
  /// How long it has been pending.
  public var age: Duration
  public var dueAt: Date
  /// The receiver's last HTTP status.
  public var status: Int?
  /// What went wrong last, as a sentence.
  public var answer: String?

  public init(
    id: Int, webhook: UUID, url: String, event: FleetEvent, state: State, attempts: Int, age: Duration, dueAt: Date,
    status: Int? = nil, answer: String? = nil
  ) {
    self.id = id
    self.webhook = webhook
    self.url = url
    self.event = event
    self.state = state
    self.attempts = attempts
    self.age = age
    self.dueAt = dueAt
    self.status = status
    self.answer = answer
  }
}

/// A delivery in hand, with what it is signed with.
public struct ClaimedDelivery: Hashable, Sendable {
  public var delivery: WebhookDelivery
  public var secret: WebhookSecret

  public init(delivery: WebhookDelivery, secret: WebhookSecret) {
    self.delivery = delivery
    self.secret = secret
  }
}

/// What became of an attempt to deliver.
public enum DeliveryOutcome: Hashable, Sendable {
  case delivered(status: Int)
  /// It is tried again after a pause.
  case retry(after: Duration, status: Int?, answer: String)
  case givenUp(status: Int?, answer: String)
  /// The receiver wants nothing any more (410): its webhook is disabled, and what is pending for it is given up.
  case gone
}

/// The part of the ledger that keeps webhooks and what is on its way to them. What a webhook is to be told is written in the transaction
/// that writes the event.
public protocol WebhookOffice: Sendable {
  /// It is told of what happens from now on. Adding the same webhook again changes nothing.
  func add(_ webhook: Webhook, secret: WebhookSecret) async throws
  /// The oldest first.
  func webhooks(of tenant: Tenant?) async throws -> [Webhook]
  /// Removes it with its deliveries. Returns whether it was there.
  func removeWebhook(_ id: UUID) async throws -> Bool
  /// Posts to a disabled webhook again. Returns whether it was disabled.
  func enableWebhook(_ id: UUID) async throws -> Bool

  /// Deliveries that are due; for the length of `lease` nobody else gets them. Each counts as an attempt.
  func claimDeliveries(limit: Int, lease: Duration) async throws -> [ClaimedDelivery]
  /// Notes what became of an attempt. Nothing changes when somebody else has claimed the delivery since, or it was settled.
  func settle(_ claimed: ClaimedDelivery, _ outcome: DeliveryOutcome) async throws

  /// The newest first.
  func deliveries(to webhook: UUID?, onlyUnsettled: Bool, limit: Int) async throws -> [WebhookDelivery]
  /// Posts again: the delivery with this number, whatever became of it. Returns whether it is there.
  func replayDelivery(_ id: Int) async throws -> Bool
  /// Posts an event again to all webhooks that were told of it. Returns how many.
  func replayDeliveries(of event: UUID) async throws -> Int
  /// Posts all again that were given up. Returns how many.
  func replayFailedDeliveries(to webhook: UUID) async throws -> Int
}

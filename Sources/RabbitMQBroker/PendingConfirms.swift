internal import FleetContracts

/// A message on its way to the broker.
struct OutgoingMessage: Sendable {
  enum Route: Hashable, Sendable {
    /// Mandatory: it must arrive.
    case queue(QueueName)
    /// To whoever listens, by a routing key.
    case event(String)
    case reply(ReplyAddress)
  }

  var message: QueueMessage
  var route: Route

  init(message: QueueMessage, route: Route) {
    self.message = message
    self.route = route
  }

  init(message: QueueMessage, queue: QueueName) { self.init(message: message, route: .queue(queue)) }

  var contentType: String {
    if case .event = route { return FleetEvent.contentType }
    return "application/json"
  }

  /// `nil` for what needn't arrive.
  var queue: QueueName? {
    guard case .queue(let queue) = route else { return nil }
    return queue
  }
}

/// Names one request of this process for as long as it waits for its answer.
struct Ticket: Hashable, Sendable, Comparable {
  var number: UInt64

  static func < (left: Ticket, right: Ticket) -> Bool { left.number < right.number }
}

/// Every message that was handed in and not yet confirmed: what to send next, and what an answer of the broker means.
///
/// It does no I/O. The rules (rabbitmq.com, "Consumer Acknowledgements and Publisher Confirms"): a channel in confirm mode
/// numbers its messages from 1; an answer may stand for all numbers up to its own; a mandatory message that finds no queue is
/// first returned and then *acknowledged*, so an acknowledgement alone doesn't mean that the message is safe.
struct PendingConfirms {
  /// Messages sent and not answered at one time; a bound on what is sent again after a loss.
  static let window = 512

  private struct Entry {
    var outgoing: OutgoingMessage
    var failures = 0
    var isReturned = false
    var notBefore: ContinuousClock.Instant?
  }

  private var entries: [Ticket: Entry] = [:]
  /// Tickets to send, in order; withdrawn ones are skipped when their turn comes.
  private var waiting: [Ticket] = []
  private var head = 0
  /// Tickets that failed and wait for their time.
  private var resting: [Ticket] = []
  private var inFlight: [UInt64: Ticket] = [:]
  private var nextTag: UInt64 = 1

  var count: Int { entries.count }

  mutating func add(_ ticket: Ticket, _ outgoing: OutgoingMessage) {
    entries[ticket] = Entry(outgoing: outgoing)
    waiting.append(ticket)
  }

  /// Forgets a message whose publisher waits no more. One in flight may still reach its queue.
  mutating func withdraw(_ ticket: Ticket) { entries[ticket] = nil }

  struct Sending {
    var tag: UInt64
    var ticket: Ticket
    var outgoing: OutgoingMessage
  }

  /// The next message to send, which from now on is in flight under `tag`; `nil` when there is none or the window is full.
  mutating func nextToSend(now: ContinuousClock.Instant) -> Sending? {
    wakeRested(now: now)
    guard inFlight.count < Self.window else { return nil }
    while head < waiting.count {
      let ticket = waiting[head]
      head += 1
      if head > 256, head * 2 > waiting.count {
        waiting.removeFirst(head)
        head = 0
      }
      guard var entry = entries[ticket] else { continue }
      entry.isReturned = false
      entry.notBefore = nil
      entries[ticket] = entry
      defer { nextTag += 1 }
      inFlight[nextTag] = ticket
      return Sending(tag: nextTag, ticket: ticket, outgoing: entry.outgoing)
    }
    return nil
  }

  /// The broker found no queue for a message: its acknowledgement, which follows, means nothing.
  /// - Returns: The queue that was missing; `nil` when nobody waits for the message any more.
  mutating func returned(_ ticket: Ticket) -> QueueName? {
    entries[ticket]?.isReturned = true
    return entries[ticket]?.outgoing.queue
  }

  struct Answer {
    /// Messages that the broker has taken responsibility for.
    var confirmed: [Ticket] = []
    /// Queues that messages were refused by (`nack`); the messages rest and are sent again.
    var refused: [QueueName] = []
    /// Whether a message found no queue, so that the queues have to be declared before it is sent again.
    var isUnroutable = false
  }

  /// The broker's answer to the message `tag`, or with `multiple` to all up to it.
  mutating func answered(tag: UInt64, multiple: Bool, isAck: Bool, now: ContinuousClock.Instant) -> Answer {
    let tags = multiple ? inFlight.keys.filter { $0 <= tag || tag == 0 }.sorted() : [tag]
    var answer = Answer()
    for tag in tags {
      guard let ticket = inFlight.removeValue(forKey: tag), var entry = entries[ticket] else { continue }
      if isAck, !entry.isReturned {
        entries[ticket] = nil
        answer.confirmed.append(ticket)
        continue
      }
      if entry.isReturned {
        answer.isUnroutable = true
      } else if let queue = entry.outgoing.queue {
        answer.refused.append(queue)
      }
      // The first time it goes out again at once: a missing queue is declared before.
      let rest =
        entry.isReturned && entry.failures == 0
        ? .zero : Backoff.step(failures: entry.failures, first: .milliseconds(50), longest: .seconds(5))
      entry.failures += 1
      entry.notBefore = now + rest
      entries[ticket] = entry
      resting.append(ticket)
    }
    return answer
  }

  /// The channel has gone: what was in flight may or may not have arrived, so it is sent again, before all that is younger.
  mutating func channelLost() {
    let again = inFlight.keys.sorted().compactMap { inFlight[$0] }
    waiting.replaceSubrange(..<head, with: again)
    head = 0
    inFlight = [:]
    nextTag = 1
  }

  /// When a resting message is to be sent again.
  var nextWake: ContinuousClock.Instant? { resting.compactMap { entries[$0]?.notBefore }.min() }

  private mutating func wakeRested(now: ContinuousClock.Instant) {
    guard !resting.isEmpty else { return }
    var stillResting: [Ticket] = []
    for ticket in resting {
      guard let entry = entries[ticket] else { continue }
      if let notBefore = entry.notBefore, notBefore > now {
        stillResting.append(ticket)
      } else {
        waiting.append(ticket)
      }
    }
    resting = stillResting
  }
}

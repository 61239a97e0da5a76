internal import FleetContracts

/// The queues as the broker has them: quorum queues that outlive a broker, and dead letters for those that carry work.
///
/// Declared by arguments that RabbitMQ 3.10 to 4.x take alike, and always by the same ones: a queue whose arguments differ is
/// refused by the broker (406).
struct Topology: Sendable {
  /// Before each queue's name, so that several fleets can share a virtual host.
  var prefix: String

  enum Argument: Hashable {
    case text(String)
    case number(Int64)
  }

  func name(of queue: QueueName) -> String { prefix + queue.rawValue }

  /// The queue of that name at the broker; `nil` when it is none of this fleet's.
  func queue(named name: String) -> QueueName? {
    name.hasPrefix(prefix) ? QueueName(rawValue: String(name.dropFirst(prefix.count))) : nil
  }

  /// The exchange to which other systems submit, bound to the queue of the same name.
  var ingest: String { name(of: .ingest) }

  /// The exchange from which other systems hear what becomes of runs.
  var events: String { prefix + "tessera.events" }

  /// The exchange from which everybody hears.
  var announcements: String { prefix + "tessera.announcements" }

  func arguments(of queue: QueueName) -> [(name: String, value: Argument)] {
    let quorum: [(String, Argument)] = [
      ("x-queue-type", .text("quorum")),
      // RabbitMQ 4 has a limit of 20 where none is given, 3.x has none, and they count differently. Attempts are counted in
      // the ledger, so the broker's limit is put out of reach, the same in all versions.
      ("x-delivery-limit", .number(1_000_000)),
    ]
    switch queue {
    case .dead, .parked: return quorum
    // What this process can't even hold, the broker parks.
    case .ingest: return quorum + work(dead: .parked)
    // Without dead letters: those that have outlived their use would all become some.
    case .workers: return quorum + [("x-message-ttl", .number(60_000)), ("x-max-length", .number(10_000))]
    case .tiles, .results, .trainings, .trainingReports: return quorum + work(dead: .dead)
    }
  }

  /// Of a queue whose messages must not get lost.
  private func work(dead: QueueName) -> [(name: String, value: Argument)] {
    [
      // The default exchange routes by queue name, and can't be deleted.
      ("x-dead-letter-exchange", .text("")),
      ("x-dead-letter-routing-key", .text(name(of: dead))),
      // A dead letter leaves its queue only when the other has confirmed it; this demands `reject-publish`.
      ("x-dead-letter-strategy", .text("at-least-once")),
      ("x-overflow", .text("reject-publish")),
    ]
  }
}

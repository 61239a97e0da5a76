public import FleetContracts
internal import FleetMetrics
internal import Synchronization
internal import Threads

/// The fleet's queues on RabbitMQ 3.10 to 4.x: quorum queues, publisher confirms, mandatory and persistent messages, manual
/// acknowledgement.
///
/// One connection, on a thread of its own that keeps the heartbeat whatever the rest of the process computes. It connects at
/// once and connects again for as long as it is open, with pauses that grow to `longestPause`. Each time it declares the
/// queues, so a broker that comes back empty is furnished anew. While the broker is away, `prepare` and `publish` wait, and
/// subscriptions stay.
public final class RabbitMQJobQueue: JobQueue, UpstreamGate {
  /// What a process looks after at the broker beyond its own connection.
  public struct Duties: OptionSet, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// The queues of the fleet itself.
    public static let fleet = Duties(rawValue: 1)
    /// The exchange and queues of submissions by other systems.
    public static let ingest = Duties(rawValue: 2)
    /// The exchange of events for other systems.
    public static let events = Duties(rawValue: 4)
  }

  public struct Settings: Sendable {
    /// Between heartbeats; a silent broker is given up after two. Whole seconds, at least 1.
    public var heartbeat: Duration
    /// Before each queue's name, so that several fleets can share a virtual host.
    public var queuePrefix: String
    /// What the broker's operator sees as the connection's name.
    public var connectionName: String
    /// The longest pause between two attempts to connect.
    public var longestPause: Duration
    /// What is declared with each connection.
    public var duties: Duties
    /// A queue that brings nothing to a consumer with nothing in hand is looked at after so long.
    public var silence: Duration

    public init(
      heartbeat: Duration = .seconds(15), queuePrefix: String = "", connectionName: String = "tessera",
      longestPause: Duration = .seconds(5), duties: Duties = .fleet,
      silence: Duration = .seconds(10)
    ) {
      self.heartbeat = heartbeat
      self.queuePrefix = queuePrefix
      self.connectionName = connectionName
      self.longestPause = longestPause
      self.duties = duties
      self.silence = silence
    }
  }

  private let mailbox: Mailbox<BrokerCommand>
  private let heard = HeardCondition()
  private let lastTicket = Atomic<UInt64>(0)

  /// Starts connecting; `prepare` tells when that has succeeded.
  /// - Parameters:
  ///   - url: `amqp://USER:PASSWORD@HOST:PORT/VHOST`.
  ///   - onEvent: Called on the connection's thread; it must return quickly.
  /// - Throws: `BrokerAddressError`, `ThreadError`.
  public convenience init(
    url: String, settings: Settings = Settings(), onEvent: @escaping @Sendable (BrokerEvent) -> Void = { _ in }
  ) throws {
    try self.init(address: BrokerAddress(url), settings: settings, onEvent: onEvent)
  }

  /// - Throws: `ThreadError`.
  public init(
    address: BrokerAddress, settings: Settings = Settings(),
    onEvent: @escaping @Sendable (BrokerEvent) -> Void = { _ in }
  ) throws {
    let mailbox = try Mailbox<BrokerCommand>()
    self.mailbox = mailbox
    let heard = heard
    try NamedThread.start(name: "amqp") {
      BrokerLoop(address: address, settings: settings, mailbox: mailbox) { event in
        heard.hear(event)
        onEvent(event)
      }.run()
    }
  }

  deinit { mailbox.send(.close(nil)) }

  /// Waits until the connection stands and the queues are declared.
  /// - Throws: `JobQueueError.refused` when the broker has answered and doesn't want (password, rights, virtual host, queues with
  ///   other arguments), `.closed`, `CancellationError`.
  public func prepare() async throws {
    let ticket = newTicket()
    try await askUntilCancelled(ticket) { .prepare(ticket, $0) }
  }

  /// A message whose publisher was cancelled may have reached its queue all the same.
  public func publish(_ message: QueueMessage, to queue: QueueName) async throws {
    try await publish([message], to: queue)
  }

  public func publish(_ messages: [QueueMessage], to queue: QueueName) async throws {
    for message in messages { try Self.check(message, largest: queue.largestBody) }
    try await publish(messages.map { OutgoingMessage(message: $0, queue: queue) }, countedAs: queue.rawValue)
  }

  private func publish(_ outgoing: [OutgoingMessage], countedAs name: String) async throws {
    guard !outgoing.isEmpty else { return }
    let ticket = newTicket(count: Publications<BrokerCommand.Answer>.tickets(messages: outgoing.count))
    try await FleetMetrics.publishConfirmSeconds.measure(name) {
      try await askUntilCancelled(ticket) { .publish(ticket, outgoing, $0) }
    }
  }

  private static func check(_ message: QueueMessage, largest: Int) throws {
    try message.check(largest: largest)
    // The protocol counts the bytes of a short string in one byte.
    for (name, text) in [("id", message.id), ("type", message.type)] where text.utf8.count > 255 {
      throw JobQueueError.refused("a message's \(name) has \(text.utf8.count) bytes; at most 255 are allowed.")
    }
  }

  public func publish(_ events: [FleetEvent]) async throws {
    let outgoing = try events.map { event in
      OutgoingMessage(
        message: try QueueMessage(event), route: .event("run.\(event.state.rawValue).\(event.tenant.name)"))
    }
    try await publish(outgoing, countedAs: "tessera.events")
  }

  public func answer(_ message: QueueMessage, to address: ReplyAddress) async throws {
    // The protocol counts the bytes of a short string in one byte.
    guard address.queue.utf8.count <= 255, address.correlation?.utf8.count ?? 0 <= 255 else { return }
    try Self.check(message, largest: QueueMessage.largestBody)
    try await publish([OutgoingMessage(message: message, route: .reply(address))], countedAs: "replies")
  }

  /// Returns when the broker has the consumer, or at once while the broker is away.
  /// - Parameter prefetch: 1 to 65535.
  public func subscribe(to queue: QueueName, prefetch: Int) async throws -> any Subscription {
    guard let limit = UInt16(exactly: prefetch), limit > 0 else {
      throw JobQueueError.refused(
        "a consumer of \(queue.rawValue) asked for \(prefetch) deliveries at once; 1 to 65535 are possible.")
    }
    let id = newTicket()
    let buffer = DeliveryBuffer()
    let consumer = RabbitMQConsumer(queue: queue, prefetch: limit, buffer: buffer)
    try await mailbox.ask { .subscribe(id, consumer, $0) }
    return RabbitMQSubscription(id: id, queue: queue, buffer: buffer, mailbox: mailbox)
  }

  /// Returns when the connection has it, or at once while the broker is away.
  public func announce(_ announcement: Announcement) async throws {
    let message = try QueueMessage(announcement)
    guard message.body.count <= QueueMessage.largestBody else {
      throw JobQueueError.tooLarge(bytes: message.body.count)
    }
    guard mailbox.send(.announce(message)) else { throw JobQueueError.closed }
  }

  /// Returns when the broker knows that this process listens, or at once while it is away.
  public func announcements() async throws -> AsyncStream<Announcement> {
    let id = newTicket()
    let (stream, listener) = AsyncStream.makeStream(of: Announcement.self, bufferingPolicy: .bufferingNewest(1000))
    listener.onTermination = { [mailbox] _ in mailbox.send(.stopListening(id)) }
    try await mailbox.ask { .listen(id, listener, $0) }
    return stream
  }

  public func status(of queue: QueueName) async -> QueueStatus? {
    await withCheckedContinuation { mailbox.sendOrRefuse(.status(queue, $0)) }
  }

  public func condition() async -> BrokerCondition { heard.condition }

  public func close() async {
    await withCheckedContinuation { mailbox.sendOrRefuse(.close($0)) }
  }

  /// Deletes a queue with its messages, as a careless operator would.
  func delete(_ queue: QueueName) async throws { try await mailbox.ask { .delete(queue, $0) } }

  /// The first of `count` new tickets.
  private func newTicket(count: UInt64 = 1) -> Ticket {
    Ticket(number: lastTicket.wrappingAdd(count, ordering: .relaxed).newValue - count + 1)
  }

  private func askUntilCancelled(
    _ ticket: Ticket, _ command: (BrokerCommand.Answer) -> BrokerCommand
  ) async throws {
    try Task.checkCancellation()
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        mailbox.sendOrRefuse(command(continuation))
        // A cancellation before the command was sent has been overtaken by it.
        if Task.isCancelled { mailbox.send(.withdraw(ticket)) }
      }
    } onCancel: {
      mailbox.send(.withdraw(ticket))
    }
  }
}

internal import FleetContracts
internal import Threads

/// The broker thread: the only place that calls librabbitmq. It connects, serves commands and frames in turn, and connects
/// again when the connection is lost.
///
/// What to do is decided by value types without I/O (`PendingConfirms`, `OpenDeliveries`, `ConsumerRoster`,
/// `MessageAssembler`, `Backoff`); this type does it.
final class BrokerLoop {
  let address: BrokerAddress
  let settings: RabbitMQJobQueue.Settings
  let topology: Topology
  let mailbox: Mailbox<BrokerCommand>
  let report: @Sendable (BrokerEvent) -> Void
  let clock = ContinuousClock()

  /// The connection with its channels; `nil` while there is none.
  var session: BrokerSession?
  var confirms = PendingConfirms()
  var publications = Publications<BrokerCommand.Answer>()
  var preparing: [Ticket: BrokerCommand.Answer] = [:]
  var deliveries = OpenDeliveries()
  var consumers = ConsumerRoster<RabbitMQConsumer>()
  var stuck = StuckQueues()
  var silent: SilentQueues
  /// Those in this process who listen to announcements.
  var listeners: [Ticket: AsyncStream<Announcement>.Continuation] = [:]
  /// Those who wait for the end; not `nil` once it is wanted.
  var closers: [CheckedContinuation<Void, Never>]?

  private var backoff: Backoff
  private var generator = SystemRandomNumberGenerator()

  /// Frames read before commands are looked at again.
  private static let framesAtATime = 256
  /// The longest sleep, for heartbeats of any length.
  private static let longestSleep = Duration.seconds(1)

  init(
    address: BrokerAddress, settings: RabbitMQJobQueue.Settings, mailbox: Mailbox<BrokerCommand>,
    report: @escaping @Sendable (BrokerEvent) -> Void
  ) {
    self.address = address
    self.settings = settings
    self.mailbox = mailbox
    self.report = report
    topology = Topology(prefix: settings.queuePrefix)
    silent = SilentQueues(interval: settings.silence)
    backoff = Backoff(longest: settings.longestPause)
  }

  func run() {
    while closers == nil {
      do throws(AMQPFailure) {
        try connect()
        try serve()
      } catch {
        connectionFailed(error)
      }
    }
    end()
  }

  private func connect() throws(AMQPFailure) {
    let heartbeat = max(1, Int(clamping: settings.heartbeat.components.seconds))
    let session = try BrokerSession(address, heartbeat: heartbeat, name: settings.connectionName)
    try session.declareAll(topology, settings.duties)
    try remakeStuckQueues(session)
    self.session = session
    backoff.reset()
    report(.connected(address))
    for answer in preparing.values { answer.resume() }
    preparing = [:]
  }

  private func remakeStuckQueues(_ session: BrokerSession) throws(AMQPFailure) {
    for queue in stuck.takeGivenUp() {
      // A queue with consumers works, for somebody who was faster.
      guard try session.declare(queue, topology).consumers == 0, !session.isForeign(queue) else { continue }
      report(.remade(queue))
      try session.connection.delete(queue, topology, channel: session.declaring)
      _ = try session.connection.declare(queue, topology, channel: session.declaring)
    }
  }

  /// Serves until the connection is lost, which it throws, or the end is wanted.
  private func serve() throws(AMQPFailure) {
    while let session {
      try performAll(mailbox.take())
      if closers != nil { return }
      var frames = 0
      while frames < Self.framesAtATime, let frame = try session.connection.nextFrame() {
        try handle(frame)
        frames += 1
      }
      try subscribeDueConsumers()
      try lookAtSilentQueues()
      try listenToAnnouncements()
      try publishWaiting()
      guard !session.connection.hasFrames else { continue }
      mailbox.wait(orInputOn: session.connection.descriptor, atMost: sleepTime())
    }
  }

  private func performAll(_ commands: [BrokerCommand]) throws(AMQPFailure) {
    for (index, command) in commands.enumerated() {
      do throws(AMQPFailure) {
        try perform(command)
      } catch {
        // The others have been taken out of the mailbox and still want their answers.
        for left in commands[(index + 1)...] { performAway(left) }
        throw error
      }
    }
  }

  /// Until the next timer, or several times in a heartbeat interval.
  private func sleepTime() -> Duration {
    guard let session else { return .zero }
    let sleep = min(Self.longestSleep, .seconds(max(1, session.connection.heartbeat)) / 4)
    // While the broker is blocked, nothing is published or subscribed, whatever its time.
    guard !session.isBlocked, let wake = [confirms.nextWake, consumers.nextWake].compactMap({ $0 }).min() else {
      return sleep
    }
    return max(.zero, min(sleep, wake - clock.now))
  }

  /// Clears up after a connection that was lost or not made, and pauses.
  private func connectionFailed(_ failure: AMQPFailure) {
    session = nil
    consumingChannelLost()
    confirms.channelLost()
    if failure.isRefusal {
      for answer in preparing.values { answer.resume(throwing: refusal(failure)) }
      preparing = [:]
    }
    let pause = backoff.pause(using: &generator)
    report(.disconnected(reason: failure.reason, pause: pause))
    let end = clock.now + pause
    while closers == nil, clock.now < end {
      mailbox.wait(atMost: end - clock.now)
      for command in mailbox.take() { performAway(command) }
    }
  }

  func refusal(_ failure: AMQPFailure) -> JobQueueError {
    .refused("\(failure.reason) (broker \(address)). Check the broker's URL, the user's rights and the queues there.")
  }

  func consumingChannelLost() {
    deliveries.channelLost()
    consumers.channelLost()
    for consumer in consumers.all { consumer.buffer.channelLost(next: deliveries.channel) }
  }

  private func end() {
    // A blocked broker doesn't read, so it wouldn't hear the farewell either.
    if let session, !session.isBlocked { session.connection.close() }
    session = nil
    for command in mailbox.close() { performAway(command) }
    for consumer in consumers.all { _ = consumer.buffer.finish() }
    for listener in listeners.values { listener.finish() }
    listeners = [:]
    for answer in publications.removeAll() { answer.resume(throwing: JobQueueError.closed) }
    for answer in preparing.values { answer.resume(throwing: JobQueueError.closed) }
    preparing = [:]
    for closer in closers ?? [] { closer.resume() }
    closers = []
  }
}

/// One connection's channels and the messages that are coming in on them.
///
/// Several channels, because a mistake on a channel closes it: consuming, publishing, declaring, and announcing when that is wanted.
final class BrokerSession {
  let connection: AMQPConnection
  var consuming: UInt16
  var publishing: UInt16
  var declaring: UInt16
  var announcing: UInt16?
  var isListening = false
  var announcingNotBefore: ContinuousClock.Instant?
  var assemblers: [UInt16: MessageAssembler] = [:]
  /// Whether the broker has said that it takes no messages now.
  var isBlocked = false
  private var foreign: Set<QueueName> = []

  init(_ address: BrokerAddress, heartbeat: Int, name: String) throws(AMQPFailure) {
    connection = try AMQPConnection(address, heartbeat: heartbeat, name: name)
    consuming = try connection.openChannel()
    publishing = try connection.openChannel()
    try connection.selectConfirms(channel: publishing)
    declaring = try connection.openChannel()
  }

  func declareAll(_ topology: Topology, _ duties: RabbitMQJobQueue.Duties) throws(AMQPFailure) {
    // The dead letters first: the others refer to them.
    if duties.contains(.fleet) {
      for queue in QueueName.ofTheFleet { _ = try declare(queue, topology) }
    }
    if duties.contains(.ingest) {
      for queue in [QueueName.parked, .ingest] { _ = try declare(queue, topology) }
    }
    if duties.contains(.events) { try connection.declareTopic(topology.events, channel: declaring) }
  }

  /// Makes `queue` where that is missing, or, where this user has no right to (403), sees that it is there: a worker's user may take
  /// jobs, but neither make nor delete queues.
  func declare(_ queue: QueueName, _ topology: Topology) throws(AMQPFailure) -> QueueStatus {
    if isForeign(queue) { return try look(for: queue, topology) }
    do throws(AMQPFailure) {
      let status = try connection.declare(queue, topology, channel: declaring)
      if queue == .ingest { try connection.bindIngest(topology, channel: declaring) }
      return status
    } catch {
      guard case .channelClosed(_, 403, _) = error else { throw error }
      foreign.insert(queue)
      declaring = try connection.openChannel()
      return try look(for: queue, topology)
    }
  }

  private func look(for queue: QueueName, _ topology: Topology) throws(AMQPFailure) -> QueueStatus {
    do throws(AMQPFailure) {
      return try connection.declare(queue, topology, channel: declaring, isPassive: true)
    } catch {
      guard case .channelClosed(let channel, 404, let text) = error else { throw error }
      throw .channelClosed(
        channel: channel, code: 404,
        text:
          "\(text); this user may not make it, so a process must start first whose user may (Compose/broker-users rights)"
      )
    }
  }

  /// Whether this user may not make `queue`.
  func isForeign(_ queue: QueueName) -> Bool { foreign.contains(queue) }
}

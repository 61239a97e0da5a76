internal import CRabbitMQ
internal import FleetContracts
internal import Glibc

/// One connection of librabbitmq, for the one thread that made it.
///
/// "It is not safe to use a connection object from more than one thread" and "the library does no background processing"
/// (rabbitmq-c, README): heartbeats are sent and missed only inside calls, so the owner calls `nextFrame` several times in
/// each heartbeat interval. A call that throws `connectionLost` or `connectionClosed` is the last one.
final class AMQPConnection {
  let state: amqp_connection_state_t
  /// Numbers aren't used again soon, so a late frame of a closed channel isn't taken for one of its successor.
  private var lastChannel: UInt16 = 0
  /// Where OpenSSL notes what it runs into, for as long as the socket lives.
  private let findings: UnsafeMutablePointer<tessera_tls_findings>

  /// The largest frame: RabbitMQ's own default.
  private static let largestFrame: Int32 = 131_072
  private static let connectTimeout = timeval(tv_sec: 5, tv_usec: 0)
  /// The broker's time to answer, longer than the election of a quorum queue's leader takes.
  private static let answerTimeout = timeval(tv_sec: 15, tv_usec: 0)

  /// Connects and logs in.
  /// - Parameter heartbeat: In seconds, at least 1; the broker may lower it.
  init(_ address: BrokerAddress, heartbeat: Int, name: String) throws(AMQPFailure) {
    guard let state = amqp_new_connection() else { throw .connectionLost("no memory for a connection") }
    self.state = state
    findings = .allocate(capacity: 1)
    findings.initialize(to: tessera_tls_findings())
    try open(address)
    var timeout = timeval()
    timeout = Self.answerTimeout
    try check(amqp_set_handshake_timeout(state, &timeout), "setting the time limit of the login")
    try check(amqp_set_rpc_timeout(state, &timeout), "setting the time limit of the broker's answers")

    let arena = AMQPArena()
    var properties = try arena.table([
      ("product", .text("Tessera")), ("connection_name", .text(name)),
      (
        "capabilities",
        .table([
          ("publisher_confirms", .flag(true)), ("basic.nack", .flag(true)), ("consumer_cancel_notify", .flag(true)),
          ("connection.blocked", .flag(true)), ("authentication_failure_close", .flag(true)),
        ])
      ),
    ])
    let reply = tessera_amqp_login(
      state, address.virtualHost, 0, Self.largestFrame, Int32(heartbeat), &properties, address.user, address.password)
    try check(reply, channel: 0, "logging in at \(address)")
  }

  /// Frees the connection; the socket is closed without a farewell unless `close` was called.
  deinit {
    amqp_destroy_connection(state)
    findings.deallocate()
  }

  /// Opens the socket, and with TLS makes sure that the broker is who it should be.
  private func open(_ address: BrokerAddress) throws(AMQPFailure) {
    guard let socket = address.tls == nil ? amqp_tcp_socket_new(state) : amqp_ssl_socket_new(state) else {
      throw .connectionLost("no memory for a socket")
    }
    if let files = address.tls { try furnish(socket, files, host: address.host) }
    var timeout = Self.connectTimeout
    let status = amqp_socket_open_noblock(socket, address.host, Int32(address.port), &timeout)
    if findings.pointee.refusal != 0 {
      let words = String(cString: tessera_tls_refusal(findings.pointee.refusal))
      throw .untrusted("connecting to \(address): the broker's certificate is refused (\(words))")
    }
    if status == AMQP_STATUS_SSL_CONNECTION_FAILED.rawValue, tessera_tls_is_missing() != 0 {
      throw .untrusted("connecting to \(address): TLS is asked for, and there is none at that port")
    }
    try check(status, "connecting to \(address)")
  }

  private func furnish(_ socket: OpaquePointer, _ files: TLSFiles, host: String) throws(AMQPFailure) {
    guard tessera_tls_verify(socket, host, files.authorities, findings) == 1 else {
      throw .untrusted(
        "reading the trusted authorities\(files.authorities.map { " in \($0)" } ?? " of the system") fails (\(lastError ?? "unknown reason"))"
      )
    }
    guard let certificate = files.certificate, let key = files.key else { return }
    guard amqp_ssl_socket_set_key(socket, certificate, key) == AMQP_STATUS_OK.rawValue else {
      throw .untrusted(
        "reading this client's certificate in \(certificate) and its key in \(key) fails (\(lastError ?? "unknown reason"))"
      )
    }
  }

  /// What OpenSSL says about the last failure on this thread.
  private var lastError: String? { tessera_tls_last_error().map { String(cString: $0) } }

  /// The socket, to wait for input on.
  var descriptor: Int32 { amqp_get_sockfd(state) }

  /// Whether frames lie in memory already, so that waiting for the socket would be wrong.
  var hasFrames: Bool { amqp_frames_enqueued(state) != 0 || amqp_data_in_buffer(state) != 0 }

  /// The heartbeat interval that was agreed on, in seconds.
  var heartbeat: Int { Int(amqp_get_heartbeat(state)) }

  /// The next frame that has come, or `nil`. Never waits. Sends a heartbeat when one is due, and throws when the broker's is
  /// overdue.
  func nextFrame() throws(AMQPFailure) -> AMQPFrame? {
    var frame = amqp_frame_t()
    var noWait = timeval(tv_sec: 0, tv_usec: 0)
    let status = amqp_simple_wait_frame_noblock(state, &frame, &noWait)
    if status == AMQP_STATUS_TIMEOUT.rawValue { return nil }
    try check(status, "reading from the broker")
    let copy = AMQPFrame(frame)
    amqp_maybe_release_buffers_on_channel(state, frame.channel)
    return copy
  }

  /// Ends the connection with the protocol's farewell; the broker returns unacknowledged deliveries at once.
  func close() {
    var timeout = timeval(tv_sec: 2, tv_usec: 0)
    amqp_set_rpc_timeout(state, &timeout)
    _ = amqp_connection_close(state, AMQP_REPLY_SUCCESS)
  }

  // MARK: Channels

  func openChannel() throws(AMQPFailure) -> UInt16 {
    let most = UInt16(clamping: amqp_get_channel_max(state) > 0 ? Int(amqp_get_channel_max(state)) : 2047)
    lastChannel = lastChannel >= most ? 1 : lastChannel + 1
    let channel = lastChannel
    amqp_channel_open(state, channel)
    try checkReply(channel, "opening a channel")
    return channel
  }

  /// Closes a channel; the broker takes its unsettled deliveries back.
  func closeChannel(_ channel: UInt16) throws(AMQPFailure) {
    try check(amqp_channel_close(state, channel, AMQP_REPLY_SUCCESS), channel: channel, "closing a channel")
    amqp_maybe_release_buffers_on_channel(state, channel)
  }

  /// Agrees to the broker's closing of `channel`.
  func confirmClosed(channel: UInt16) throws(AMQPFailure) {
    var answer = amqp_channel_close_ok_t()
    try check(
      amqp_send_method(state, channel, AMQP_CHANNEL_CLOSE_OK_METHOD, &answer), "agreeing to the closing of a channel")
  }

  /// Agrees to the broker's closing of the connection.
  func confirmClosed() {
    var answer = amqp_connection_close_ok_t()
    amqp_send_method(state, 0, AMQP_CONNECTION_CLOSE_OK_METHOD, &answer)
  }

  func selectConfirms(channel: UInt16) throws(AMQPFailure) {
    amqp_confirm_select(state, channel)
    try checkReply(channel, "asking for publisher confirms")
  }

  // MARK: Queues

  /// Declares a durable queue; the answer has its depth.
  /// - Parameter isPassive: Whether to look for it only, which needs no rights; a missing one closes the channel (404).
  func declare(
    _ queue: QueueName, _ topology: Topology, channel: UInt16, isPassive: Bool = false
  ) throws(AMQPFailure) -> QueueStatus {
    let arena = AMQPArena()
    let name = try arena.text(topology.name(of: queue))
    let arguments = try arena.table(
      topology.arguments(of: queue).map { argument in
        switch argument.value {
        case .text(let text): (argument.name, .text(text))
        case .number(let number): (argument.name, .number(number))
        }
      })
    let answer = amqp_queue_declare(state, channel, name, isPassive ? 1 : 0, 1, 0, 0, arguments)
    let status = answer.map {
      QueueStatus(ready: Int($0.pointee.message_count), consumers: Int($0.pointee.consumer_count))
    }
    try checkReply(channel, "declaring the queue \(topology.name(of: queue))")
    guard let status else { throw .connectionLost("the broker's answer to a declaration is missing") }
    return status
  }

  /// Declares a durable topic exchange.
  func declareTopic(_ exchange: String, channel: UInt16) throws(AMQPFailure) {
    let arena = AMQPArena()
    amqp_exchange_declare(
      state, channel, try arena.text(exchange), try arena.text("topic"), 0, 1, 0, 0, amqp_table_t())
    try checkReply(channel, "declaring the exchange \(exchange)")
  }

  /// Whatever is sent to the exchange of submissions goes into their queue, by any routing key.
  func bindIngest(_ topology: Topology, channel: UInt16) throws(AMQPFailure) {
    try declareTopic(topology.ingest, channel: channel)
    let arena = AMQPArena()
    amqp_queue_bind(
      state, channel, try arena.text(topology.name(of: .ingest)), try arena.text(topology.ingest), try arena.text("#"),
      amqp_table_t())
    try checkReply(channel, "binding the queue \(topology.ingest)")
  }

  func delete(_ queue: QueueName, _ topology: Topology, channel: UInt16) throws(AMQPFailure) {
    let arena = AMQPArena()
    amqp_queue_delete(state, channel, try arena.text(topology.name(of: queue)), 0, 0)
    try checkReply(channel, "deleting the queue \(topology.name(of: queue))")
  }

  // MARK: Consuming

  /// Starts a consumer with manual acknowledgement that holds at most `prefetch` deliveries.
  func consume(
    _ queue: QueueName, _ topology: Topology, prefetch: UInt16, consumer: String, channel: UInt16
  ) throws(AMQPFailure) {
    // With "global" off, RabbitMQ applies the limit to each consumer that starts after it on this channel.
    amqp_basic_qos(state, channel, 0, prefetch, 0)
    try checkReply(channel, "limiting the deliveries of a consumer")
    let arena = AMQPArena()
    amqp_basic_consume(
      state, channel, try arena.text(topology.name(of: queue)), try arena.text(consumer), 0, 0, 0, amqp_table_t())
    try checkReply(channel, "consuming from the queue \(topology.name(of: queue))")
  }

  /// - Parameter awaitsAnswer: Whether to wait until the broker has ended the consumer.
  func cancel(consumer: String, channel: UInt16, awaitsAnswer: Bool) throws(AMQPFailure) {
    let arena = AMQPArena()
    let tag = try arena.text(consumer)
    if awaitsAnswer {
      amqp_basic_cancel(state, channel, tag)
      try checkReply(channel, "ending a consumer")
    } else {
      var cancel = amqp_basic_cancel_t(consumer_tag: tag, nowait: 1)
      try check(amqp_send_method(state, channel, AMQP_BASIC_CANCEL_METHOD, &cancel), "ending a consumer")
    }
  }

  func acknowledge(tag: UInt64, channel: UInt16) throws(AMQPFailure) {
    try check(amqp_basic_ack(state, channel, tag, 0), "acknowledging a delivery")
  }

  /// Gives a delivery back to its queue. By `basic.nack`: from RabbitMQ 4.3 on it doesn't count as a failure, as `basic.reject`
  /// does.
  func putBack(tag: UInt64, channel: UInt16) throws(AMQPFailure) {
    try check(amqp_basic_nack(state, channel, tag, 0, 1), "putting a delivery back")
  }

  /// Sends a delivery to the dead letters.
  func reject(tag: UInt64, channel: UInt16) throws(AMQPFailure) {
    try check(amqp_basic_reject(state, channel, tag, 0), "rejecting a delivery")
  }

  // MARK: Publishing

  /// Sends a message on its route: persistent, and mandatory where it must arrive. Doesn't wait for its confirm.
  func publish(_ outgoing: OutgoingMessage, ticket: Ticket, _ topology: Topology, channel: UInt16) throws(AMQPFailure) {
    let arena = AMQPArena()
    var properties = amqp_basic_properties_t()
    properties._flags = amqp_flags_t(
      AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG | AMQP_BASIC_TYPE_FLAG
        | AMQP_BASIC_CORRELATION_ID_FLAG)
    properties.content_type = try arena.text(outgoing.contentType)
    properties.delivery_mode = UInt8(AMQP_DELIVERY_PERSISTENT.rawValue)
    properties.message_id = try arena.text(outgoing.message.id)
    properties.type = try arena.text(outgoing.message.type)
    switch outgoing.route {
    case .queue:
      // A returned message comes without its number; this tells which one it was.
      properties.correlation_id = try arena.text(String(ticket.number))
    case .event: properties._flags &= ~amqp_flags_t(AMQP_BASIC_CORRELATION_ID_FLAG)
    case .reply(let address):
      if let correlation = address.correlation {
        properties.correlation_id = try arena.text(correlation)
      } else {
        properties._flags &= ~amqp_flags_t(AMQP_BASIC_CORRELATION_ID_FLAG)
      }
    }
    if !outgoing.message.headers.isEmpty {
      properties._flags |= amqp_flags_t(AMQP_BASIC_HEADERS_FLAG)
      properties.headers = try arena.table(
        outgoing.message.headers.sorted { $0.key < $1.key }.map { ($0.key, .text($0.value)) })
    }
    let (exchange, key) =
      switch outgoing.route {
      case .queue(let queue): ("", topology.name(of: queue))
      case .event(let key): (topology.events, key)
      case .reply(let address): ("", address.queue)
      }
    let status = amqp_basic_publish(
      state, channel, try arena.text(exchange), try arena.text(key), outgoing.queue == nil ? 0 : 1, 0, &properties,
      try arena.bytes(outgoing.message.body))
    try check(status, "publishing a message")
  }

  // MARK: Errors

  func check(_ status: Int32, _ action: String) throws(AMQPFailure) {
    guard status != AMQP_STATUS_OK.rawValue else { return }
    throw lost(status, action)
  }

  func checkReply(_ channel: UInt16, _ action: String) throws(AMQPFailure) {
    try check(amqp_get_rpc_reply(state), channel: channel, action)
    amqp_maybe_release_buffers_on_channel(state, channel)
  }

  private func check(_ reply: amqp_rpc_reply_t, channel: UInt16, _ action: String) throws(AMQPFailure) {
    switch reply.reply_type {
    case AMQP_RESPONSE_NORMAL: return
    case AMQP_RESPONSE_SERVER_EXCEPTION:
      if reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD, let decoded = reply.reply.decoded {
        let close = decoded.assumingMemoryBound(to: amqp_channel_close_t.self).pointee
        let failure = AMQPFailure.channelClosed(
          channel: channel, code: Int(close.reply_code), text: "\(action): \(close.reply_text.text)")
        try confirmClosed(channel: channel)
        throw failure
      }
      if reply.reply.id == AMQP_CONNECTION_CLOSE_METHOD, let decoded = reply.reply.decoded {
        let close = decoded.assumingMemoryBound(to: amqp_connection_close_t.self).pointee
        let failure = AMQPFailure.connectionClosed(
          code: Int(close.reply_code), text: "\(action): \(close.reply_text.text)")
        confirmClosed()
        throw failure
      }
      throw .connectionLost("\(action): the broker gave an answer that the protocol doesn't know")
    default:
      if reply.library_error == AMQP_STATUS_TIMEOUT.rawValue { throw .noAnswer(words(reply.library_error, action)) }
      throw lost(reply.library_error, action)
    }
  }

  /// Alerts by which a broker says that it doesn't take our certificate, or has no version or cipher in common with us.
  private static let refusals: Set<Int32> = [40, 42, 43, 44, 45, 46, 48, 49, 70, 71, 116]

  private func lost(_ status: Int32, _ action: String) -> AMQPFailure {
    let alert = findings.pointee.alert
    guard Self.refusals.contains(alert) else { return .connectionLost(words(status, action)) }
    return .untrusted(
      "\(action): the broker refuses this client's certificate or version of TLS (\(String(cString: tessera_tls_alert(alert))))"
    )
  }

  private func words(_ status: Int32, _ action: String) -> String {
    let words = "\(action): \(String(cString: amqp_error_string2(status)))"
    guard status == AMQP_STATUS_SSL_ERROR.rawValue else { return words }
    // The alert that would tell gets lost where the broker's end of the connection overtakes it.
    return "\(words); so it ends where the broker doesn't accept this client's certificate, or misses one"
  }
}

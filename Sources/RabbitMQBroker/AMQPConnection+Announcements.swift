internal import CRabbitMQ
internal import FleetContracts
internal import Foundation

extension AMQPConnection {
  /// What waits in a queue of announcements at most; the oldest go first.
  private static let longestQueue: Int64 = 1000

  /// Declares the exchange from which everybody hears.
  func declareAnnouncements(_ topology: Topology, channel: UInt16) throws(AMQPFailure) {
    let arena = AMQPArena()
    amqp_exchange_declare(
      state, channel, try arena.text(topology.announcements), try arena.text("fanout"), 0, 1, 0, 0, amqp_table_t())
    try checkReply(channel, "declaring the exchange \(topology.announcements)")
  }

  /// Starts to receive announcements, without acknowledgement, in a queue of this connection alone.
  func listen(_ topology: Topology, channel: UInt16) throws(AMQPFailure) {
    let arena = AMQPArena()
    let queue = try arena.text("\(topology.announcements).\(UUID().uuidString)")
    // Exclusive queues can't be of the quorum type, which may be a virtual host's default.
    let arguments = try arena.table([
      ("x-queue-type", .text("classic")), ("x-max-length", .number(Self.longestQueue)),
    ])
    amqp_queue_declare(state, channel, queue, 0, 0, 1, 1, arguments)
    try checkReply(channel, "declaring a queue for announcements")
    amqp_queue_bind(state, channel, queue, try arena.text(topology.announcements), amqp_bytes_t(), amqp_table_t())
    try checkReply(channel, "binding a queue for announcements")
    amqp_basic_consume(state, channel, queue, try arena.text("announcements"), 0, 1, 1, amqp_table_t())
    try checkReply(channel, "listening to announcements")
  }

  /// Sends a message to everybody who listens; nobody may.
  func announce(_ message: QueueMessage, _ topology: Topology, channel: UInt16) throws(AMQPFailure) {
    let arena = AMQPArena()
    var properties = amqp_basic_properties_t()
    properties._flags = amqp_flags_t(
      AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG | AMQP_BASIC_TYPE_FLAG)
    properties.content_type = try arena.text("application/json")
    properties.message_id = try arena.text(message.id)
    properties.type = try arena.text(message.type)
    let status = amqp_basic_publish(
      state, channel, try arena.text(topology.announcements), amqp_bytes_t(), 0, 0, &properties,
      try arena.bytes(message.body))
    try check(status, "announcing")
  }
}

internal import CRabbitMQ
internal import FleetContracts

/// A frame from the broker, copied out of librabbitmq's memory.
enum AMQPFrame {
  case delivered(channel: UInt16, consumer: String, tag: UInt64, isRedelivered: Bool, routingKey: String?)
  case returned(channel: UInt16)
  case header(channel: UInt16, MessageAssembler.Properties, size: UInt64)
  case body(channel: UInt16, [UInt8])
  case acknowledged(channel: UInt16, tag: UInt64, multiple: Bool)
  case refused(channel: UInt16, tag: UInt64, multiple: Bool)
  case consumerCancelled(channel: UInt16, consumer: String)
  case channelClosed(channel: UInt16, code: Int, text: String)
  case connectionClosed(code: Int, text: String)
  case blocked(reason: String)
  case unblocked
  /// Nothing that concerns us.
  case other

  init(_ frame: amqp_frame_t) {
    let channel = frame.channel
    switch Int32(frame.frame_type) {
    case AMQP_FRAME_METHOD: self = AMQPFrame(frame.payload.method, channel: channel)
    case AMQP_FRAME_HEADER:
      let header = frame.payload.properties
      guard Int32(header.class_id) == AMQP_BASIC_CLASS, let decoded = header.decoded else {
        self = .other
        return
      }
      let properties = MessageAssembler.Properties(
        decoded.assumingMemoryBound(to: amqp_basic_properties_t.self).pointee)
      self = .header(channel: channel, properties, size: header.body_size)
    case AMQP_FRAME_BODY: self = .body(channel: channel, Array(frame.payload.body_fragment.buffer))
    default: self = .other
    }
  }

  private init(_ method: amqp_method_t, channel: UInt16) {
    // librabbitmq has decoded the method into the type that belongs to its number.
    func decoded<Method>(_: Method.Type) -> Method? { method.decoded?.assumingMemoryBound(to: Method.self).pointee }

    switch method.id {
    case AMQP_BASIC_DELIVER_METHOD:
      guard let deliver = decoded(amqp_basic_deliver_t.self) else { break }
      self = .delivered(
        channel: channel, consumer: deliver.consumer_tag.text, tag: deliver.delivery_tag,
        isRedelivered: deliver.redelivered != 0,
        // Through the default exchange it is only the queue's name.
        routingKey: deliver.exchange.len == 0 ? nil : deliver.routing_key.text)
      return
    case AMQP_BASIC_RETURN_METHOD:
      self = .returned(channel: channel)
      return
    case AMQP_BASIC_ACK_METHOD:
      guard let ack = decoded(amqp_basic_ack_t.self) else { break }
      self = .acknowledged(channel: channel, tag: ack.delivery_tag, multiple: ack.multiple != 0)
      return
    case AMQP_BASIC_NACK_METHOD:
      guard let nack = decoded(amqp_basic_nack_t.self) else { break }
      self = .refused(channel: channel, tag: nack.delivery_tag, multiple: nack.multiple != 0)
      return
    case AMQP_BASIC_CANCEL_METHOD:
      guard let cancel = decoded(amqp_basic_cancel_t.self) else { break }
      self = .consumerCancelled(channel: channel, consumer: cancel.consumer_tag.text)
      return
    case AMQP_CHANNEL_CLOSE_METHOD:
      guard let close = decoded(amqp_channel_close_t.self) else { break }
      self = .channelClosed(channel: channel, code: Int(close.reply_code), text: close.reply_text.text)
      return
    case AMQP_CONNECTION_CLOSE_METHOD:
      guard let close = decoded(amqp_connection_close_t.self) else { break }
      self = .connectionClosed(code: Int(close.reply_code), text: close.reply_text.text)
      return
    case AMQP_CONNECTION_BLOCKED_METHOD:
      guard let blocked = decoded(amqp_connection_blocked_t.self) else { break }
      self = .blocked(reason: blocked.reason.text)
      return
    case AMQP_CONNECTION_UNBLOCKED_METHOD:
      self = .unblocked
      return
    default: break
    }
    self = .other
  }
}

extension MessageAssembler.Properties {
  init(_ properties: amqp_basic_properties_t) {
    func has(_ flag: Int32) -> Bool { properties._flags & amqp_flags_t(flag) != 0 }
    if has(AMQP_BASIC_MESSAGE_ID_FLAG) { id = properties.message_id.text }
    if has(AMQP_BASIC_TYPE_FLAG) { type = properties.type.text }
    if has(AMQP_BASIC_CORRELATION_ID_FLAG) { correlation = properties.correlation_id.text }
    if has(AMQP_BASIC_REPLY_TO_FLAG) { replyTo = properties.reply_to.text }
    if has(AMQP_BASIC_HEADERS_FLAG) {
      deliveryCount = properties.headers.number("x-delivery-count")
      headers = properties.headers.texts(atMost: QueueMessage.largestHeaders)
      firstDeath = properties.headers.text("x-first-death-queue")
    }
  }
}

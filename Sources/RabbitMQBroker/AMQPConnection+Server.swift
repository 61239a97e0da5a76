internal import CRabbitMQ

extension AMQPConnection {
  /// The broker's version, as it gave it at login, such as `3.10.8`.
  var serverVersion: String? {
    guard let properties = amqp_get_server_properties(state)?.pointee else { return nil }
    for index in 0..<Int(max(0, properties.num_entries)) {
      let entry = properties.entries[index]
      guard entry.key.text == "version", UInt32(entry.value.kind) == AMQP_FIELD_KIND_UTF8.rawValue else { continue }
      return entry.value.value.bytes.text
    }
    return nil
  }
}

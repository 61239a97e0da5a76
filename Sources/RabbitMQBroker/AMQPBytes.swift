internal import CRabbitMQ

/// Memory for what librabbitmq is to read during a call, freed all at once.
struct AMQPArena: ~Copyable {
  private var pool: UnsafeMutablePointer<amqp_pool_t>

  init() {
    pool = .allocate(capacity: 1)
    pool.initialize(to: amqp_pool_t())
    init_amqp_pool(pool, 4096)
  }

  deinit {
    empty_amqp_pool(pool)
    pool.deallocate()
  }

  /// A copy of `bytes`.
  func bytes(_ bytes: some Collection<UInt8>) throws(AMQPFailure) -> amqp_bytes_t {
    guard !bytes.isEmpty else { return amqp_bytes_t() }
    var copy = amqp_bytes_t()
    amqp_pool_alloc_bytes(pool, bytes.count, &copy)
    guard let memory = copy.bytes else { throw .connectionLost("no memory for a message of \(bytes.count) bytes") }
    UnsafeMutableRawBufferPointer(start: memory, count: bytes.count).copyBytes(from: bytes)
    return copy
  }

  func text(_ text: String) throws(AMQPFailure) -> amqp_bytes_t { try bytes(Array(text.utf8)) }

  /// A table of the protocol. Its entries lie in this arena.
  func table(_ entries: [(name: String, value: TableValue)]) throws(AMQPFailure) -> amqp_table_t {
    guard !entries.isEmpty else { return amqp_table_t() }
    let size = entries.count * MemoryLayout<amqp_table_entry_t>.stride
    guard let memory = amqp_pool_alloc(pool, size) else { throw .connectionLost("no memory for a table") }
    let rows = memory.bindMemory(to: amqp_table_entry_t.self, capacity: entries.count)
    for (index, entry) in entries.enumerated() {
      var row = amqp_table_entry_t()
      row.key = try text(entry.name)
      switch entry.value {
      case .text(let value):
        row.value.kind = UInt8(AMQP_FIELD_KIND_UTF8.rawValue)
        row.value.value.bytes = try text(value)
      case .number(let value):
        row.value.kind = UInt8(AMQP_FIELD_KIND_I64.rawValue)
        row.value.value.i64 = value
      case .flag(let value):
        row.value.kind = UInt8(AMQP_FIELD_KIND_BOOLEAN.rawValue)
        row.value.value.boolean = value ? 1 : 0
      case .table(let value):
        row.value.kind = UInt8(AMQP_FIELD_KIND_TABLE.rawValue)
        row.value.value.table = try table(value)
      }
      rows.advanced(by: index).initialize(to: row)
    }
    return amqp_table_t(num_entries: Int32(entries.count), entries: rows)
  }

  indirect enum TableValue {
    case text(String)
    case number(Int64)
    case flag(Bool)
    case table([(name: String, value: TableValue)])
  }
}

extension amqp_bytes_t {
  var buffer: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: bytes, count: bytes == nil ? 0 : len) }
  var text: String { String(decoding: buffer, as: UTF8.self) }
}

extension amqp_table_t {
  /// The sender's entries that are texts; not the broker's own (`x-…`), and no more than `limit` bytes of them, whoever sent them.
  func texts(atMost limit: Int) -> [String: String] {
    var texts: [String: String] = [:]
    var room = limit
    for index in 0..<Int(max(0, num_entries)) {
      let entry = entries[index]
      guard UInt32(entry.value.kind) == AMQP_FIELD_KIND_UTF8.rawValue else { continue }
      let (name, value) = (entry.key.text, entry.value.value.bytes)
      guard !name.hasPrefix("x-") else { continue }
      room -= entry.key.len + value.len
      guard room >= 0 else { break }
      texts[name] = value.text
    }
    return texts
  }

  /// The value of `name` where it is a text.
  func text(_ name: String) -> String? {
    for index in 0..<Int(max(0, num_entries)) where entries[index].key.text == name {
      let value = entries[index].value
      return UInt32(value.kind) == AMQP_FIELD_KIND_UTF8.rawValue ? value.value.bytes.text : nil
    }
    return nil
  }

  /// The value of `name` where it is a whole number of any width; brokers differ in the width that they use.
  func number(_ name: String) -> Int? {
    for index in 0..<Int(max(0, num_entries)) {
      let entry = entries[index]
      guard entry.key.text == name else { continue }
      let value = entry.value.value
      switch UInt32(entry.value.kind) {
      case AMQP_FIELD_KIND_I8.rawValue: return Int(value.i8)
      case AMQP_FIELD_KIND_U8.rawValue: return Int(value.u8)
      case AMQP_FIELD_KIND_I16.rawValue: return Int(value.i16)
      case AMQP_FIELD_KIND_U16.rawValue: return Int(value.u16)
      case AMQP_FIELD_KIND_I32.rawValue: return Int(value.i32)
      case AMQP_FIELD_KIND_U32.rawValue: return Int(value.u32)
      case AMQP_FIELD_KIND_I64.rawValue: return Int(value.i64)
      case AMQP_FIELD_KIND_U64.rawValue: return Int(clamping: value.u64)
      default: return nil
      }
    }
    return nil
  }
}

/// Writes values as a pickle of protocol 3, which every Python 3 reads; numpy's parts under the names that numpy 1 and 2 both know.
///
/// Sets can't be written, and values that stand for a reference or a call (`symbol`, `call`, `persistent`) only for a reader that knows
/// them. Nothing is memoised, so parts that are shared are written as often as they are met.
public enum PickleWriter {
  /// Who reads the pickle.
  public enum Reader: Sendable {
    /// `pickle.load`: plain values, protocol 3.
    case plain
    /// `torch.load`, which resolves references to storages and knows the calls that make tensors: protocol 2, the one that its careful
    /// reader takes (torch/_weights_only_unpickler.py).
    case torch
  }

  /// - Throws: `PickleWriterError` for a value that has no meaning to the reader.
  public static func write(_ value: PickleValue, for reader: Reader = .plain) throws(PickleWriterError) -> [UInt8] {
    var output = PickleOutput(reader: reader)
    output.append(.protocolNumber)
    output.bytes.append(reader == .torch ? 2 : 3)
    try output.write(value)
    output.append(.stop)
    return output.bytes
  }
}

/// A value that can't be written.
public struct PickleWriterError: Error, Hashable, Sendable, CustomStringConvertible {
  public var description: String
}

private struct PickleOutput {
  let reader: PickleWriter.Reader
  var bytes: [UInt8] = []

  mutating func append(_ instruction: Instruction) { bytes.append(instruction.rawValue) }

  mutating func write(_ value: PickleValue) throws(PickleWriterError) {
    switch value {
    case .none: append(.none)
    case .bool(let value): append(value ? .newTrue : .newFalse)
    case .integer(let value): write(value)
    case .bigInteger(let data):
      append(.long4)
      try length(data.count)
      bytes += data
    case .float(let value):
      append(.binFloat)
      bigEndian(value.bitPattern)
    case .string(let text): try write(text)
    case .bytes(let data) where reader == .plain: try write(data)
    case .list(let members):
      append(.emptyList)
      append(.mark)
      for member in members { try write(member) }
      append(.appends)
    case .tuple(let members): try write(tuple: members)
    case .dictionary(let dictionary): try write(dictionary)
    case .array(let array): try write(array)
    case .scalar(let scalar):
      global("numpy.core.multiarray", "scalar")
      append(.mark)
      try write(scalar.type)
      try write(scalar.data)
      append(.tuple)
      append(.reduce)
    case .dataType(let type): try write(type)
    case .symbol(let global) where reader == .torch: self.global(global.module, global.name)
    case .call(let global, let arguments) where reader == .torch:
      self.global(global.module, global.name)
      try write(tuple: arguments)
      append(.reduce)
    case .persistent(let identifier) where reader == .torch:
      try write(identifier)
      append(.persistent)
    case .bytes:
      throw PickleWriterError(description: "Bytes can't be written into a pickle of protocol 2.")
    case .symbol(let global), .call(let global, _):
      throw PickleWriterError(description: "The name '\(global)' can't be written into a pickle of plain values.")
    case .set, .persistent:
      throw PickleWriterError(description: "Sets and persistent identifiers can't be written into a pickle.")
    }
  }

  private mutating func write(_ value: Int64) {
    if let small = Int32(exactly: value) {
      append(.binInt)
      littleEndian(small)
    } else {
      append(.long1)
      bytes.append(8)
      littleEndian(value)
    }
  }

  private mutating func write(_ text: String) throws(PickleWriterError) {
    append(.binUnicode)
    try length(text.utf8.count)
    bytes += text.utf8
  }

  private mutating func write(_ data: [UInt8]) throws(PickleWriterError) {
    append(.binBytes)
    try length(data.count)
    bytes += data
  }

  private mutating func write(tuple members: [PickleValue]) throws(PickleWriterError) {
    append(.mark)
    for member in members { try write(member) }
    append(.tuple)
  }

  private mutating func write(_ dictionary: PickleDictionary) throws(PickleWriterError) {
    if dictionary.isOrderedDict {
      global("collections", "OrderedDict")
      append(.emptyTuple)
      append(.reduce)
    } else {
      append(.emptyDictionary)
    }
    append(.mark)
    for entry in dictionary.entries {
      try write(entry.key)
      try write(entry.value)
    }
    append(.setItems)
  }

  /// What `numpy.ndarray.__reduce__` returns.
  private mutating func write(_ array: NumpyArray) throws(PickleWriterError) {
    global("numpy.core.multiarray", "_reconstruct")
    append(.mark)
    global("numpy", "ndarray")
    try write(tuple: [.integer(0)])
    try write(Array("b".utf8))
    append(.tuple)
    append(.reduce)
    append(.mark)
    write(1)
    try write(tuple: array.shape.map { .integer(Int64($0)) })
    try write(array.type)
    append(.newFalse)
    try write(array.data)
    append(.tuple)
    append(.build)
  }

  /// What `numpy.dtype.__reduce__` returns.
  private mutating func write(_ type: NumpyType) throws(PickleWriterError) {
    global("numpy", "dtype")
    try write(tuple: [.string(type.rawValue), .bool(false), .bool(true)])
    append(.reduce)
    try write(tuple: [
      .integer(3), .string(type.byteOrder), .none, .none, .none, .integer(-1), .integer(-1), .integer(0),
    ])
    append(.build)
  }

  private mutating func global(_ module: String, _ name: String) {
    append(.global)
    bytes += "\(module)\n\(name)\n".utf8
  }

  private mutating func littleEndian<Value: FixedWidthInteger>(_ value: Value) {
    withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
  }

  private mutating func bigEndian<Value: FixedWidthInteger>(_ value: Value) {
    withUnsafeBytes(of: value.bigEndian) { bytes += $0 }
  }

  private mutating func length(_ count: Int) throws(PickleWriterError) {
    guard let length = Int32(exactly: count) else {
      throw PickleWriterError(description: "A value of \(count) bytes is too long for a pickle of properties.")
    }
    littleEndian(length)
  }
}

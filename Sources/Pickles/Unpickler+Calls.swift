/// The few calls that nnU-Net's pickles make, each spelled out: nothing else can be called.
extension Unpickler {
  /// Arguments of a call that is kept as data; torch's have seven at most.
  private static let maximumArguments = 16

  mutating func reduce() throws(PickleError) {
    let operands = try pop(2)
    guard case .name(let index) = operands[0] else {
      throw malformed("it calls a value that isn't a function")
    }
    let (global, meaning) = names[Int(index)]
    guard let arguments = tuple(operands[1]) else { throw malformed("the arguments of \(global) aren't a tuple") }
    var unexpected: PickleError { malformed("\(global) is called with unexpected arguments") }

    switch meaning {
    case .orderedDictionary:
      guard arguments.isEmpty else { throw unexpected }
      push(.orderedDictionary)
    case .bytes:
      guard arguments.isEmpty else { throw unexpected }
      push(.bytes([]))
    case .encode:
      guard arguments.count == 2, case .leaf(.string(let text)) = arguments[0],
        case .leaf(.string("latin1")) = arguments[1]
      else { throw unexpected }
      push(.bytes(try latin1Bytes(text)))
    case .numpyDataType:
      guard let first = arguments.first, arguments.count <= 3, case .leaf(.string(let code)) = first else {
        throw unexpected
      }
      if let text = NumpyText(code: code) {
        push(.symbol(text.symbol))
      } else {
        push(.dataType(try dataType(code)))
      }
    case .numpyScalar where text(arguments.first) != nil:
      guard let type = text(arguments.first), arguments.count == 2, case .leaf(.bytes(let data)) = arguments[1],
        let texts = type.texts(data), texts.count == 1
      else { throw unexpected }
      push(.string(texts[0]))
    case .numpyScalar:
      guard arguments.count == 2, case .leaf(.dataType(let type)) = arguments[0],
        case .leaf(.bytes(let data)) = arguments[1], let scalar = NumpyArray(type: type, shape: [], data: data)
      else { throw unexpected }
      push(.scalar(scalar))
    case .numpyReconstruct:
      guard arguments.count == 3, case .name(let type) = arguments[0],
        names[Int(type)].meaning == .numpyArrayType
      else { throw unexpected }
      push(.pendingArray)
    case .numpyFromBuffer where arguments.count > 1 && text(arguments[1]) != nil:
      guard let type = text(arguments[1]), arguments.count >= 3, case .leaf(.bytes(let data)) = arguments[0] else {
        throw unexpected
      }
      stack.append(.node(Int32(nodes.count)))
      nodes.append(try textList(type, shape: shape(arguments[2]), data: data))
    case .numpyFromBuffer:
      guard (4...5).contains(arguments.count), case .leaf(.bytes(let data)) = arguments[0],
        case .leaf(.dataType(let type)) = arguments[1], let shape = shape(arguments[2]),
        case .leaf(.string(let order)) = arguments[3], order == "C" || order == "F"
      else { throw unexpected }
      push(.array(try array(type: type, shape: shape, data: data, columnMajor: order == "F")))
    case .call:
      // The arguments are copied, so a long tuple that is used again and again must not pass.
      guard arguments.count <= Unpickler.maximumArguments else { throw unexpected }
      push(.call, [operands[0]] + arguments)
    case .symbol, .numpyArrayType:
      throw malformed("it calls \(global), which may only be mentioned")
    }
  }

  /// BUILD: hands state to the object below it.
  mutating func build() throws(PickleError) {
    let state = try pop()
    switch try top() {
    case .leaf(.dataType(let type)):
      guard let fields = tuple(state), fields.count >= 2, case .leaf(.string(let order)) = fields[1] else {
        throw malformed("a dtype has an unexpected state")
      }
      guard order == type.byteOrder || order == "<" || order == "=" else {
        throw malformed("a dtype has the byte order '\(order)'; only little-endian arrays are read")
      }
    case .leaf(.symbol):
      guard let fields = tuple(state), fields.count >= 2, case .leaf(.string("<")) = fields[1] else {
        throw malformed("a dtype of texts has an unexpected state")
      }
    case .node(let index):
      switch nodes[Int(index)].kind {
      case .orderedDictionary, .dictionary:
        // Attributes of the dictionary object, such as `_metadata` of a state dict; nothing here needs them.
        return
      case .pendingArray:
        if let fields = tuple(state), fields.count == 5, let type = text(fields[2]) {
          guard case .leaf(.bytes(let data)) = fields[4] else {
            throw malformed("an array of texts has an unexpected state")
          }
          nodes[Int(index)] = try textList(type, shape: shape(fields[1]), data: data)
          return
        }
        guard let fields = tuple(state), fields.count == 5, let shape = shape(fields[1]),
          case .leaf(.dataType(let type)) = fields[2], case .leaf(.bool(let columnMajor)) = fields[3],
          case .leaf(.bytes(let data)) = fields[4]
        else { throw malformed("an array has an unexpected state, or holds objects") }
        let value = try array(type: type, shape: shape, data: data, columnMajor: columnMajor)
        nodes[Int(index)] = Node(kind: .array, items: [.leaf(.array(value))])
      default:
        throw malformed("it gives state to a value that has none")
      }
    default:
      throw malformed("it gives state to a value that has none")
    }
  }

  private func dataType(_ code: String) throws(PickleError) -> NumpyType {
    let bare = code.first.map { "<|=".contains($0) } == true ? String(code.dropFirst()) : code
    guard let type = NumpyType(rawValue: bare) else {
      throw malformed("an array has the type '\(code)', which nnU-Net doesn't write")
    }
    return type
  }

  private func text(_ slot: Slot?) -> NumpyText? {
    if case .leaf(.symbol(let symbol))? = slot { return NumpyText(symbol: symbol) }
    return nil
  }

  /// numpy's array of texts with one axis, as a list.
  private mutating func textList(_ type: NumpyText, shape: [Int]?, data: [UInt8]) throws(PickleError) -> Node {
    guard let shape, shape.count == 1, let texts = type.texts(data), texts.count == shape[0] else {
      throw malformed("an array of texts has another shape than its bytes, or more than one axis")
    }
    try spend(data.count)
    return Node(kind: .list, items: texts.map { .leaf(.string($0)) })
  }

  private func shape(_ slot: Slot) -> [Int]? {
    guard let extents = tuple(slot), extents.count <= NumpyArray.maximumAxes else { return nil }
    var shape: [Int] = []
    for extent in extents {
      guard case .leaf(let value) = extent, let count = value.int, count >= 0 else { return nil }
      shape.append(count)
    }
    return shape
  }

  private mutating func array(
    type: NumpyType, shape: [Int], data: [UInt8], columnMajor: Bool
  ) throws(PickleError) -> NumpyArray {
    guard let array = NumpyArray(type: type, shape: shape, data: data) else {
      throw malformed("an array of shape \(shape) and type \(type.rawValue) has \(data.count) bytes")
    }
    guard columnMajor, shape.count > 1 else { return array }
    try spend(data.count)
    return array.fromColumnMajor()
  }

  private mutating func latin1Bytes(_ text: String) throws(PickleError) -> [UInt8] {
    try spend(text.utf8.count)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      guard scalar.value < 256 else { throw malformed("a text that stands for bytes isn't Latin-1") }
      bytes.append(UInt8(scalar.value))
    }
    return bytes
  }
}

/// What each instruction does.
extension Unpickler {
  mutating func perform(_ instruction: Instruction, at offset: Int) throws(PickleError) {
    switch instruction {
    case .stop: return
    case .mark: marks.append(stack.count)
    case .pop: try discardTop()
    case .popMark: _ = try popToMark()
    case .duplicate: stack.append(try top())

    case .none: push(.none)
    case .newTrue: push(.bool(true))
    case .newFalse: push(.bool(false))
    case .int: try pushIntegerLine()
    case .binInt: push(.integer(Int64(Int32(truncatingIfNeeded: try input.unsigned(4)))))
    case .binInt1: push(.integer(Int64(try input.byte())))
    case .binInt2: push(.integer(Int64(try input.unsigned(2))))
    case .long: try pushLongLine()
    case .long1: try pushLong(UInt64(try input.byte()))
    case .long4: try pushLong(try input.unsigned(4))
    case .float: try pushFloatLine()
    case .binFloat: push(.float(Double(bitPattern: try input.unsigned(8).byteSwapped)))

    case .string: try pushQuotedLine()
    case .binString: try pushLatin1(try input.unsigned(4))
    case .shortBinString: try pushLatin1(UInt64(try input.byte()))
    case .unicode: try pushUnicodeLine()
    case .binUnicode: try pushText(try input.unsigned(4))
    case .shortBinUnicode: try pushText(UInt64(try input.byte()))
    case .binUnicode8: try pushText(try input.unsigned(8))
    case .binBytes: push(.bytes(Array(try input.take(try input.unsigned(4)))))
    case .shortBinBytes: push(.bytes(Array(try input.take(UInt64(try input.byte())))))
    case .binBytes8, .byteArray8: push(.bytes(Array(try input.take(try input.unsigned(8)))))

    case .emptyTuple: push(.tuple)
    case .tuple1: push(.tuple, try pop(1))
    case .tuple2: push(.tuple, try pop(2))
    case .tuple3: push(.tuple, try pop(3))
    case .tuple: push(.tuple, try popToMark())
    case .emptyList: push(.list)
    case .list: push(.list, try popToMark())
    case .append, .appends: try append(instruction == .append ? try pop(1) : try popToMark())
    case .emptyDictionary: push(.dictionary)
    case .dictionary: push(.dictionary, try pairs(try popToMark()))
    case .setItem, .setItems: try setItems(instruction == .setItem ? try pop(2) : try popToMark())
    case .emptySet: push(.set)
    case .frozenSet: push(.set, try popToMark())
    case .addItems:
      let items = try popToMark()
      nodes[try topNode(.set)].items += items

    case .get: try recall(try unsignedLine())
    case .binGet: try recall(UInt64(try input.byte()))
    case .longBinGet: try recall(try input.unsigned(4))
    case .put: try remember(try unsignedLine())
    case .binPut: try remember(UInt64(try input.byte()))
    case .longBinPut: try remember(try input.unsigned(4))
    case .memoize: try remember(UInt64(memo.count))

    case .global:
      let module = String(decoding: try input.line(), as: UTF8.self)
      try pushGlobal(PickleGlobal(module, String(decoding: try input.line(), as: UTF8.self)), at: offset)
    case .stackGlobal:
      let names = try pop(2)
      guard case .leaf(.string(let module)) = names[0], case .leaf(.string(let name)) = names[1] else {
        throw malformed("a global's module and name must be text")
      }
      try pushGlobal(PickleGlobal(module, name), at: offset)
    case .reduce: try reduce()
    case .build: try build()
    case .persistent:
      guard policy.allowsPersistentIdentifiers else { throw .refusedInstruction("BINPERSID", offset: offset) }
      push(.persistent, try pop(1))

    case .protocolNumber:
      let number = try input.byte()
      guard number <= 5 else { throw malformed("it states protocol \(number), and only 0 to 5 exist") }
    case .frame:
      // A frame only groups instructions for reading ahead.
      let length = try input.unsigned(8)
      guard length <= UInt64(input.available) else {
        throw .truncated(offset: input.offset, needed: length, available: input.available)
      }

    case .instance:
      // The name is looked up first, so that the error tells what the pickle wanted to make.
      let module = String(decoding: try input.line(), as: UTF8.self)
      try pushGlobal(PickleGlobal(module, String(decoding: try input.line(), as: UTF8.self)), at: offset)
      throw .refusedInstruction("INST", offset: offset)
    case .object: throw .refusedInstruction("OBJ", offset: offset)
    case .newObject: throw .refusedInstruction("NEWOBJ", offset: offset)
    case .newObjectKeywords: throw .refusedInstruction("NEWOBJ_EX", offset: offset)
    case .extension1, .extension2, .extension4: throw .refusedInstruction("EXT", offset: offset)
    case .persistentText: throw .refusedInstruction("PERSID", offset: offset)
    case .nextBuffer, .readOnlyBuffer: throw .refusedInstruction("NEXT_BUFFER", offset: offset)
    }
  }

  private mutating func discardTop() throws(PickleError) {
    if marks.last == stack.count {
      marks.removeLast()
    } else {
      _ = try pop()
    }
  }

  private mutating func append(_ items: [Slot]) throws(PickleError) {
    nodes[try topNode(.list)].items += items
  }

  private mutating func setItems(_ items: [Slot]) throws(PickleError) {
    let pairs = try pairs(items)
    nodes[try topNode(.dictionary, .orderedDictionary)].items += pairs
  }

  private func pairs(_ items: [Slot]) throws(PickleError) -> [Slot] {
    guard items.count.isMultiple(of: 2) else { throw malformed("a dictionary's key lacks its value") }
    return items
  }

  private mutating func pushGlobal(_ global: PickleGlobal, at offset: Int) throws(PickleError) {
    guard let meaning = policy.meaning(of: global) else { throw .refusedGlobal(global, offset: offset) }
    stack.append(.name(Int32(truncatingIfNeeded: names.count)))
    names.append((global, meaning))
  }
}

/// From the arena to a tree of values.
extension Unpickler {
  /// The value that `root` stands for. Parts that are shared in the pickle share their memory in the value.
  /// - Throws: when it is cyclic, too deep, or as a tree too large.
  mutating func value(of root: Slot) throws(PickleError) -> PickleValue {
    var builder = ValueBuilder(nodes: nodes, names: names.map(\.global), limits: limits)
    nodes = []
    return try builder.build(root, depth: 0).value
  }
}

/// A finished value with what bounds a walk through it.
private struct Built {
  var value: PickleValue
  /// Containers on the longest way down.
  var height = 0
  /// Elements as a tree; a text counts for more when it is long.
  var size = 1
}

private struct ValueBuilder {
  private enum State {
    case untouched
    case inProgress
    case done(Built)
  }

  let nodes: [Unpickler.Node]
  let names: [PickleGlobal]
  let limits: PickleLimits
  private var states: [State]
  /// What has been looked at so far, in elements. Parts that are shared are looked at once, but a key is hashed wherever it stands.
  private var work = 0

  init(nodes: [Unpickler.Node], names: [PickleGlobal], limits: PickleLimits) {
    self.nodes = nodes
    self.names = names
    self.limits = limits
    states = [State](repeating: .untouched, count: nodes.count)
  }

  mutating func build(_ slot: Unpickler.Slot, depth: Int) throws(PickleError) -> Built {
    switch slot {
    case .leaf(.string(let text)): return Built(value: .string(text), size: 1 + text.utf8.count / 16)
    case .leaf(.bytes(let bytes)): return Built(value: .bytes(bytes), size: 1 + bytes.count / 16)
    case .leaf(.bigInteger(let bytes)): return Built(value: .bigInteger(bytes), size: 1 + bytes.count / 16)
    case .leaf(.array(let array)): return Built(value: .array(array), size: 1 + array.data.count / 16)
    case .leaf(let value): return Built(value: value)
    case .name(let index): return Built(value: .symbol(names[Int(index)]))
    case .node(let index):
      switch states[Int(index)] {
      case .done(let built):
        guard depth + built.height <= limits.depth else { throw tooDeep }
        return built
      case .inProgress: throw .cyclic
      case .untouched: break
      }
      guard depth < limits.depth else { throw tooDeep }
      states[Int(index)] = .inProgress
      let built = try build(nodes[Int(index)], depth: depth)
      states[Int(index)] = .done(built)
      return built
    }
  }

  private var tooDeep: PickleError { .limitExceeded("its values nest deeper than \(limits.depth)") }

  private mutating func build(_ node: Unpickler.Node, depth: Int) throws(PickleError) -> Built {
    var values: [PickleValue] = []
    values.reserveCapacity(node.items.count)
    var height = 0
    var size = 1
    let hasKeys = node.kind == .dictionary || node.kind == .orderedDictionary
    for (index, item) in node.items.enumerated() {
      let built = try build(item, depth: depth + 1)
      height = max(height, built.height)
      size += built.size
      work += built.height == 0 || (hasKeys && index.isMultiple(of: 2)) ? built.size : 1
      guard size <= limits.elements, work <= limits.elements else {
        throw .limitExceeded("its values have more than \(limits.elements) elements")
      }
      values.append(built.value)
    }
    return Built(value: try value(node.kind, values), height: height + 1, size: size)
  }

  private func value(_ kind: Unpickler.Node.Kind, _ values: [PickleValue]) throws(PickleError) -> PickleValue {
    switch kind {
    case .list: return .list(values)
    case .tuple: return .tuple(values)
    case .set:
      for value in values { try requireHashable(value) }
      return .set(values)
    case .dictionary, .orderedDictionary:
      return .dictionary(
        PickleDictionary(entries: try entries(values), isOrderedDict: kind == .orderedDictionary))
    case .call:
      guard case .symbol(let global)? = values.first else { return .none }
      return .call(global, Array(values.dropFirst()))
    case .persistent: return .persistent(values.first ?? .none)
    case .array: return values.first ?? .none
    case .pendingArray:
      throw .malformed("an array was begun and never filled", offset: 0)
    }
  }

  /// Keys and values in turn to entries; the last value of a key counts, at the key's first place.
  private func entries(_ items: [PickleValue]) throws(PickleError) -> [PickleDictionary.Entry] {
    var entries: [PickleDictionary.Entry] = []
    entries.reserveCapacity(items.count / 2)
    var places: [PickleValue: Int] = [:]
    places.reserveCapacity(items.count / 2)
    for index in stride(from: 0, to: items.count, by: 2) {
      let key = items[index]
      try requireHashable(key)
      if let place = places[key] {
        entries[place].value = items[index + 1]
      } else {
        places[key] = entries.count
        entries.append(PickleDictionary.Entry(key: key, value: items[index + 1]))
      }
    }
    return entries
  }

  /// Python's rule for keys and members of sets.
  private func requireHashable(_ value: PickleValue) throws(PickleError) {
    switch value {
    case .none, .bool, .integer, .bigInteger, .float, .string, .bytes, .scalar, .symbol: return
    case .tuple(let members): for member in members { try requireHashable(member) }
    default: throw .malformed("a dictionary's key is a value that can change", offset: 0)
    }
  }
}

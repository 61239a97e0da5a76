/// Python's pickle machine over plain values.
///
/// Containers live in an arena and refer to each other by index, since a pickle may fill a container after others refer to it.
/// Nothing nests in memory while the machine runs, so no depth of nesting can overflow the stack; `value(of:)` turns the result
/// into a tree afterwards, within the limits.
struct Unpickler {
  /// Something on the machine's stack or in a container.
  enum Slot {
    case leaf(PickleValue)
    case node(Int32)
    /// Index into `names`.
    case name(Int32)
  }

  /// A container; a dictionary's items are its keys and values in turn.
  struct Node {
    enum Kind {
      case list, tuple, dictionary, orderedDictionary, set
      /// The first item names what is called.
      case call
      case persistent
      /// An array that waits for BUILD, then one that holds its value as the only item.
      case pendingArray, array
    }
    var kind: Kind
    var items: [Slot]
  }

  var input: PickleInput
  let policy: PicklePolicy
  let limits: PickleLimits
  var nodes: [Node] = []
  /// Names that the policy allows, as they were mentioned.
  var names: [(global: PickleGlobal, meaning: PicklePolicy.Meaning)] = []
  var stack: [Slot] = []
  /// Heights of the stack at which a mark stands.
  var marks: [Int] = []
  var memo: [Slot] = []
  /// Entries whose number is far from the ones before; pickles of Python itself have none.
  var sparseMemo: [UInt64: Slot] = [:]
  /// Bytes that may still be produced beside the pickle's own.
  var expansionLeft: Int
  var instructionsLeft: Int

  init(bytes: UnsafeRawBufferPointer, policy: PicklePolicy, limits: PickleLimits) {
    input = PickleInput(bytes: bytes)
    self.policy = policy
    self.limits = limits
    let (product, overflow) = bytes.count.multipliedReportingOverflow(by: limits.expansion)
    expansionLeft = overflow ? .max : product
    instructionsLeft = limits.instructions
  }

  /// Carries out instructions up to STOP.
  /// - Returns: the pickle's value.
  mutating func run() throws(PickleError) -> Slot {
    while true {
      let offset = input.offset
      guard instructionsLeft > 0 else {
        throw .limitExceeded("it has more than \(limits.instructions) instructions")
      }
      instructionsLeft -= 1
      let code = try input.byte()
      guard let instruction = Instruction(rawValue: code) else { throw .unknownInstruction(code, offset: offset) }
      if instruction == .stop { return try pop() }
      try perform(instruction, at: offset)
    }
  }

  func malformed(_ reason: String) -> PickleError { .malformed(reason, offset: input.offset) }

  // MARK: The stack

  mutating func push(_ value: PickleValue) { stack.append(.leaf(value)) }

  mutating func push(_ kind: Node.Kind, _ items: [Slot] = []) {
    nodes.append(Node(kind: kind, items: items))
    // As many nodes as instructions at most, which fit 32 bits.
    stack.append(.node(Int32(truncatingIfNeeded: nodes.count - 1)))
  }

  /// Values above the last mark.
  var depthAboveMark: Int { stack.count - (marks.last ?? 0) }

  mutating func pop() throws(PickleError) -> Slot {
    guard depthAboveMark > 0, let top = stack.popLast() else { throw malformed("an instruction lacks its operand") }
    return top
  }

  func top() throws(PickleError) -> Slot {
    guard depthAboveMark > 0, let top = stack.last else { throw malformed("an instruction lacks its operand") }
    return top
  }

  mutating func pop(_ count: Int) throws(PickleError) -> [Slot] {
    guard depthAboveMark >= count else { throw malformed("an instruction lacks its operands") }
    let items = Array(stack[(stack.count - count)...])
    stack.removeLast(count)
    return items
  }

  /// What stands above the last mark; the mark goes too.
  mutating func popToMark() throws(PickleError) -> [Slot] {
    guard let mark = marks.popLast() else { throw malformed("a mark is missing") }
    let items = Array(stack[mark...])
    stack.removeLast(stack.count - mark)
    return items
  }

  // MARK: The memo

  mutating func remember(_ index: UInt64) throws(PickleError) {
    let value = try top()
    if index < UInt64(memo.count) {
      memo[Int(index)] = value
    } else if index == UInt64(memo.count) {
      memo.append(value)
    } else {
      sparseMemo[index] = value
    }
  }

  mutating func recall(_ index: UInt64) throws(PickleError) {
    if index < UInt64(memo.count) {
      stack.append(memo[Int(index)])
    } else if let value = sparseMemo[index] {
      stack.append(value)
    } else {
      throw malformed("it refers to value \(index), which it hasn't stored")
    }
  }

  // MARK: Nodes

  /// Index of the container on top of the stack, which must be one of `kinds`.
  func topNode(_ kinds: Node.Kind...) throws(PickleError) -> Int {
    guard case .node(let index) = try top(), kinds.contains(nodes[Int(index)].kind) else {
      throw malformed("a container was expected before an instruction that fills it")
    }
    return Int(index)
  }

  /// The items of a tuple.
  func tuple(_ slot: Slot) -> [Slot]? {
    guard case .node(let index) = slot, nodes[Int(index)].kind == .tuple else { return nil }
    return nodes[Int(index)].items
  }

  /// Takes `count` from the bytes that may be produced beside the pickle's own.
  mutating func spend(_ count: Int) throws(PickleError) {
    guard count <= expansionLeft else {
      throw .limitExceeded("its values take more than \(limits.expansion) times its size")
    }
    expansionLeft -= count
  }
}

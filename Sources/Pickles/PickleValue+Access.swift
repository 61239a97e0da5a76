/// Views of a value as a Swift type, `nil` where it is something else. Python's numbers and numpy's scalars count alike,
/// since nnU-Net's pickles mix them.
extension PickleValue {
  /// An integer that fits `Int`; no boolean.
  public var int: Int? {
    switch self {
    case .integer(let value): return Int(exactly: value)
    default: return numpyScalar.flatMap { $0.type == .bool ? nil : $0.integers?.first.flatMap { Int(exactly: $0) } }
    }
  }

  /// A floating-point number or an integer.
  public var number: Double? {
    switch self {
    case .integer(let value): return Double(value)
    case .float(let value): return value
    default: return numpyScalar.flatMap { $0.type == .bool ? nil : $0.doubles.first }
    }
  }

  public var boolean: Bool? {
    if case .bool(let value) = self { return value }
    return numpyScalar.flatMap { $0.type == .bool ? $0.data.first.map { $0 != 0 } : nil }
  }

  /// A scalar of numpy, or an array without axes, which stands for the same.
  private var numpyScalar: NumpyArray? {
    switch self {
    case .scalar(let scalar): scalar
    case .array(let array) where array.shape.isEmpty: array
    default: nil
    }
  }

  public var text: String? {
    if case .string(let value) = self { return value }
    return nil
  }

  public var isNone: Bool { self == .none }

  /// The members of a list, a tuple, or a numpy array with one axis.
  public var elements: [PickleValue]? {
    switch self {
    case .list(let members), .tuple(let members): return members
    case .array(let array) where array.shape.count == 1: return array.scalars.map { .scalar($0) }
    default: return nil
    }
  }

  public var dictionary: PickleDictionary? {
    if case .dictionary(let dictionary) = self { return dictionary }
    return nil
  }

  public subscript(key: String) -> PickleValue? { dictionary?[key] }
  public subscript(key: Int) -> PickleValue? { dictionary?[key] }
}

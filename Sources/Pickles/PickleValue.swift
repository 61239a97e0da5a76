internal import Wording

/// What a pickle holds, as plain values: reading one never runs anything that the pickle asks for.
///
/// A value is never cyclic, never nested deeper than `PickleLimits.depth` and, written out as a tree, never larger than
/// `PickleLimits.elements`, however often its parts are shared. So it may be walked, compared and hashed without care.
public enum PickleValue: Hashable, Sendable {
  case none
  case bool(Bool)
  case integer(Int64)
  /// An integer beyond 64 bits: two's complement, little-endian, as the pickle spells it.
  case bigInteger([UInt8])
  case float(Double)
  case string(String)
  case bytes([UInt8])
  case list([PickleValue])
  case tuple([PickleValue])
  case dictionary(PickleDictionary)
  /// A set, in the order in which the pickle names its members.
  case set([PickleValue])
  /// A numpy array.
  indirect case array(NumpyArray)
  /// A numpy scalar: an array without axes.
  indirect case scalar(NumpyArray)
  /// A numpy dtype by itself.
  case dataType(NumpyType)
  /// A name that the policy allows to be mentioned, such as `torch.FloatStorage`.
  indirect case symbol(PickleGlobal)
  /// A call that the policy keeps as data, for the reader of the value to interpret.
  indirect case call(PickleGlobal, [PickleValue])
  /// What the pickle calls a persistent identifier: torch's reference to a storage.
  indirect case persistent(PickleValue)
}

/// The module and name of something that a pickle refers to, such as `collections` and `OrderedDict`.
public struct PickleGlobal: Hashable, Sendable, CustomStringConvertible {
  public var module: String
  public var name: String

  public init(_ module: String, _ name: String) {
    self.module = module
    self.name = name
  }

  /// As an error may quote it: names in a pickle are anything.
  public var description: String { "\(module.quotable()).\(name.quotable())" }
}

/// A Python dictionary in its order of insertion.
public struct PickleDictionary: Hashable, Sendable {
  public struct Entry: Hashable, Sendable {
    public var key: PickleValue
    public var value: PickleValue

    public init(key: PickleValue, value: PickleValue) {
      self.key = key
      self.value = value
    }
  }

  /// Each key once, as in Python: a key that is assigned again keeps its place and takes the new value.
  public var entries: [Entry]
  /// Whether Python's type is `collections.OrderedDict` rather than `dict`.
  public var isOrderedDict: Bool

  /// Each key of `entries` must occur once.
  public init(entries: [Entry], isOrderedDict: Bool = false) {
    self.entries = entries
    self.isOrderedDict = isOrderedDict
  }

  /// The value for a key that is a string, looked up one entry after the other.
  public subscript(key: String) -> PickleValue? {
    entries.first { $0.key.text == key }?.value
  }

  /// The value for a key that is an integer of Python or of numpy.
  public subscript(key: Int) -> PickleValue? {
    entries.first { $0.key.int == key }?.value
  }
}

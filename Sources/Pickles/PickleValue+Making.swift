/// Values as numpy and nnU-Net write them.
extension PickleValue {
  /// One of Python's integers.
  public static func int(_ value: Int) -> PickleValue { .integer(Int64(value)) }

  /// A list of Python's integers.
  public static func integers(_ values: [Int]) -> PickleValue { .list(values.map(PickleValue.int)) }

  /// A tuple of Python's integers.
  public static func integerTuple(_ values: [Int]) -> PickleValue { .tuple(values.map(PickleValue.int)) }

  /// A tuple of Python's floats.
  public static func floatTuple(_ values: [Double]) -> PickleValue { .tuple(values.map(PickleValue.float)) }

  /// A numpy array of int64 with one axis.
  public static func integerArray(_ values: [Int]) -> PickleValue { .array(NumpyArray(integers: values)) }

  /// A numpy array of float64 with one axis.
  public static func doubleArray(_ values: [Double]) -> PickleValue { .array(NumpyArray(doubles: values)) }

  /// A dictionary with the keys 0, 1, 2 …
  public static func byIndex(_ values: [PickleValue], isOrdered: Bool = false) -> PickleValue {
    byInteger(values.enumerated().map { ($0.offset, $0.element) }, isOrdered: isOrdered)
  }

  /// A dictionary whose keys are integers, each once.
  public static func byInteger(_ entries: [(Int, PickleValue)], isOrdered: Bool = false) -> PickleValue {
    .dictionary(
      PickleDictionary(entries: entries.map { .init(key: .int($0.0), value: $0.1) }, isOrderedDict: isOrdered))
  }

  /// A dictionary whose keys are strings, each once.
  public static func named(_ entries: [(String, PickleValue)], isOrdered: Bool = false) -> PickleValue {
    .dictionary(
      PickleDictionary(entries: entries.map { .init(key: .string($0.0), value: $0.1) }, isOrderedDict: isOrdered))
  }
}

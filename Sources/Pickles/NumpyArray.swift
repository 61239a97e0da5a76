/// The element types of numpy that nnU-Net's pickles hold; all little-endian.
public enum NumpyType: String, Hashable, Sendable, CaseIterable {
  case bool = "b1"
  case uint8 = "u1"
  case int8 = "i1"
  case uint16 = "u2"
  case int16 = "i2"
  case uint32 = "u4"
  case int32 = "i4"
  case int64 = "i8"
  case float16 = "f2"
  case float32 = "f4"
  case float64 = "f8"

  /// Bytes of one element.
  public var size: Int {
    switch self {
    case .bool, .uint8, .int8: 1
    case .uint16, .int16, .float16: 2
    case .uint32, .int32, .float32: 4
    case .int64, .float64: 8
    }
  }

  /// numpy's mark of the byte order: `|` where there is none.
  public var byteOrder: String { size == 1 ? "|" : "<" }

  public var isFloatingPoint: Bool { self == .float16 || self == .float32 || self == .float64 }
}

/// A numpy array, or with an empty shape a numpy scalar. Elements are in C order: the last axis is the fastest.
public struct NumpyArray: Hashable, Sendable {
  public let type: NumpyType
  public let shape: [Int]
  /// The elements, little-endian; as many bytes as `shape` and `type` say.
  public let data: [UInt8]

  /// `nil` unless `data` has exactly the bytes that `type` and `shape` ask for.
  public init?(type: NumpyType, shape: [Int], data: [UInt8]) {
    guard NumpyArray.byteCount(type: type, shape: shape) == data.count else { return nil }
    self.type = type
    self.shape = shape
    self.data = data
  }

  /// An array of int64 with one axis, as numpy makes of Python integers.
  public init(integers: [Int]) {
    type = .int64
    shape = [integers.count]
    data = integers.flatMap { value in withUnsafeBytes(of: Int64(value).littleEndian) { Array($0) } }
  }

  /// An array of float64 with one axis.
  public init(doubles: [Double]) {
    type = .float64
    shape = [doubles.count]
    data = doubles.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } }
  }

  /// Elements in all.
  public var count: Int { data.count / type.size }

  /// Bytes of an array, or `nil` where an extent is negative or the product doesn't fit `Int`.
  static func byteCount(type: NumpyType, shape: [Int]) -> Int? {
    var product = type.size
    for extent in shape {
      guard extent >= 0 else { return nil }
      let (next, overflow) = product.multipliedReportingOverflow(by: extent)
      if overflow { return nil }
      product = next
    }
    return product
  }

  /// The elements as numbers; booleans are 0 and 1, 64-bit integers are rounded.
  public var doubles: [Double] {
    switch type {
    case .bool, .uint8: elements(UInt8.self) { Double($0) }
    case .int8: elements(Int8.self) { Double($0) }
    case .uint16: elements(UInt16.self) { Double($0) }
    case .int16: elements(Int16.self) { Double($0) }
    case .uint32: elements(UInt32.self) { Double($0) }
    case .int32: elements(Int32.self) { Double($0) }
    case .int64: elements(Int64.self) { Double($0) }
    case .float16: elements(UInt16.self) { Double(HalfPrecision.float(bits: $0)) }
    case .float32: elements(UInt32.self) { Double(Float(bitPattern: $0)) }
    case .float64: elements(UInt64.self) { Double(bitPattern: $0) }
    }
  }

  /// The elements as integers, or `nil` for a floating-point type.
  public var integers: [Int64]? {
    switch type {
    case .bool, .uint8: elements(UInt8.self) { Int64($0) }
    case .int8: elements(Int8.self) { Int64($0) }
    case .uint16: elements(UInt16.self) { Int64($0) }
    case .int16: elements(Int16.self) { Int64($0) }
    case .uint32: elements(UInt32.self) { Int64($0) }
    case .int32: elements(Int32.self) { Int64($0) }
    case .int64: elements(Int64.self) { $0 }
    case .float16, .float32, .float64: nil
    }
  }

  /// Each element as a scalar of the same type, in C order.
  var scalars: [NumpyArray] {
    (0..<count).map { index in
      NumpyArray(type: type, shape: [], bytes: Array(data[index * type.size..<(index + 1) * type.size]))
    }
  }

  private init(type: NumpyType, shape: [Int], bytes: [UInt8]) {
    self.type = type
    self.shape = shape
    data = bytes
  }

  private func elements<Element: FixedWidthInteger, Result>(
    _: Element.Type, _ convert: (Element) -> Result
  ) -> [Result] {
    data.withUnsafeBytes { bytes in
      (0..<bytes.count / MemoryLayout<Element>.size).map { index in
        let element = bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Element>.size, as: Element.self)
        return convert(Element(littleEndian: element))
      }
    }
  }
}

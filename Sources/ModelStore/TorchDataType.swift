internal import Pickles

/// The element type of a torch storage.
enum TorchDataType: String, Hashable, Sendable {
  case float32 = "FloatStorage"
  case float64 = "DoubleStorage"
  case float16 = "HalfStorage"
  case bfloat16 = "BFloat16Storage"
  case int64 = "LongStorage"
  case int32 = "IntStorage"
  case int16 = "ShortStorage"
  case int8 = "CharStorage"
  case uint8 = "ByteStorage"
  case bool = "BoolStorage"

  /// `nil` for a symbol that isn't a storage class of torch.
  init?(_ symbol: PickleGlobal) {
    guard symbol.module == "torch", let type = TorchDataType(rawValue: symbol.name) else { return nil }
    self = type
  }

  /// Bytes of one element.
  var size: Int {
    switch self {
    case .int8, .uint8, .bool: 1
    case .float16, .bfloat16, .int16: 2
    case .float32, .int32: 4
    case .float64, .int64: 8
    }
  }

  /// Whether it can hold weights.
  var isFloatingPoint: Bool {
    switch self {
    case .float32, .float64, .float16, .bfloat16: true
    default: false
    }
  }

  /// The element that begins at byte `offset`, little-endian, as float32.
  func float(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Float {
    switch self {
    case .float32: Float(bitPattern: TorchDataType.load(bytes, offset))
    case .float64: Float(Double(bitPattern: TorchDataType.load(bytes, offset)))
    case .float16: HalfPrecision.float(bits: TorchDataType.load(bytes, offset))
    case .bfloat16: Float(bitPattern: UInt32(TorchDataType.load(bytes, offset) as UInt16) << 16)
    default: .nan
    }
  }

  private static func load<Bits: FixedWidthInteger>(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Bits {
    Bits(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Bits.self))
  }
}

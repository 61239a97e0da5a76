/// The types of voxels, by the codes of NIfTI's header.
enum NiftiDatatype: Int {
  case uint8 = 2
  case int16 = 4
  case int32 = 8
  case float32 = 16
  case float64 = 64
  case int8 = 256
  case uint16 = 512
  case uint32 = 768
  case int64 = 1024
  case uint64 = 1280

  /// Bytes of one voxel.
  var size: Int {
    switch self {
    case .uint8, .int8: 1
    case .int16, .uint16: 2
    case .int32, .uint32, .float32: 4
    case .int64, .uint64, .float64: 8
    }
  }

  var isFloat: Bool { self == .float32 || self == .float64 }

  /// The type of `code`.
  ///
  /// - Throws: `NiftiError.Code.datatype` for colours, complex numbers, bits and quadruple precision, which have no place on a
  ///   network's input (nor does SimpleITK read the last).
  static func supported(code: Int) throws -> NiftiDatatype {
    if let type = NiftiDatatype(rawValue: code) { return type }
    let names = [
      1: "single bits", 32: "complex numbers", 128: "RGB colours", 1536: "128-bit floats", 1792: "complex numbers",
      2048: "complex numbers", 2304: "RGBA colours",
    ]
    throw NiftiError(
      .datatype,
      """
      reading voxels needs integers or floats of 8 to 64 bits, found \(names[code] ?? "an unknown type") (datatype \(code)); \
      convert the image to a scalar type
      """)
  }
}

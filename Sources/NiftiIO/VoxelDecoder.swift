/// Turns stored voxels into float32, as SimpleITK and NumPy do it for nnU-Net.
///
/// Without slope and intercept a value is rounded once. With them, integers are rounded to float32 first, the sum is formed in
/// float64 and rounded again (`itkNiftiImageIO.cxx`); float64 stays as precise as it is until the end. A stored float that isn't
/// finite counts as 0, before slope and intercept, as niftilib has it (`nifti2_io.c`, `nifti_read_buffer`).
struct VoxelDecoder {
  let datatype: NiftiDatatype
  let isBigEndian: Bool
  let slope: Double
  let intercept: Double

  init(_ header: NiftiHeader) {
    datatype = header.datatype
    isBigEndian = header.isBigEndian
    slope = header.slope
    intercept = header.intercept
  }

  private var rescales: Bool { abs(slope - 1) > Double.ulpOfOne || abs(intercept) > Double.ulpOfOne }

  /// Decodes `values.count` voxels, and tells whether any stored value was a number.
  func decode(_ bytes: UnsafeRawBufferPointer, into values: UnsafeMutableBufferPointer<Float>) -> Bool {
    var hasNumber = !datatype.isFloat
    switch datatype {
    case .uint8: integers(UInt8.self, bytes, values)
    case .int8: integers(Int8.self, bytes, values)
    case .uint16: integers(UInt16.self, bytes, values)
    case .int16: integers(Int16.self, bytes, values)
    case .uint32: integers(UInt32.self, bytes, values)
    case .int32: integers(Int32.self, bytes, values)
    case .uint64: integers(UInt64.self, bytes, values)
    case .int64: integers(Int64.self, bytes, values)
    case .float32:
      decode(UInt32.self, bytes, values) {
        let value = Float(bitPattern: $0)
        guard value.isFinite else { return 0 }
        hasNumber = true
        return value
      }
      if rescales { rescale(values) }
    case .float64:
      let (slope, intercept, rescales) = (slope, intercept, rescales)
      decode(UInt64.self, bytes, values) {
        var value = Double(bitPattern: $0)
        if value.isFinite { hasNumber = true } else { value = 0 }
        return Float(rescales ? value * slope + intercept : value)
      }
    }
    return hasNumber
  }

  @inline(__always)
  private func integers<T: FixedWidthInteger>(
    _ type: T.Type, _ bytes: UnsafeRawBufferPointer, _ values: UnsafeMutableBufferPointer<Float>
  ) {
    decode(T.self, bytes, values) { Float($0) }
    if rescales { rescale(values) }
  }

  @inline(__always)
  private func decode<T: FixedWidthInteger>(
    _ type: T.Type, _ bytes: UnsafeRawBufferPointer, _ values: UnsafeMutableBufferPointer<Float>,
    _ convert: (T) -> Float
  ) {
    let size = MemoryLayout<T>.size
    for index in 0..<values.count {
      let value = bytes.loadUnaligned(fromByteOffset: index * size, as: T.self)
      values[index] = convert(isBigEndian ? T(bigEndian: value) : T(littleEndian: value))
    }
  }

  private func rescale(_ values: UnsafeMutableBufferPointer<Float>) {
    for index in 0..<values.count { values[index] = Float(Double(values[index]) * slope + intercept) }
  }
}

/// Element types of arrays that are read and written as they lie in memory: little-endian, as this program's machines are.
public protocol NumpyElement: BitwiseCopyable, Hashable, Sendable {
  /// Numpy's name of the type.
  static var descriptor: String { get }
}

extension Float: NumpyElement {
  public static var descriptor: String { "<f4" }
}

extension UInt8: NumpyElement {
  public static var descriptor: String { "|u1" }
}

extension NumpyElement {
  /// The head of a file of such elements.
  /// - Parameter bytes: the whole file.
  /// - Throws: `NumpyFileError` unless it is a whole array of them in C order.
  static func header(of bytes: UnsafeRawBufferPointer) throws -> (header: NumpyHeader, length: Int) {
    let (header, length) = try NumpyHeader.read(bytes)
    guard header.descriptor == descriptor, !header.isFortranOrder,
      bytes.count - length == header.elementCount * MemoryLayout<Self>.stride
    else { throw NumpyFileError(reason: "it isn't a whole array of \(descriptor) in C order") }
    return (header, length)
  }
}

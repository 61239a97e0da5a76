internal import ZipFiles

/// An `.npz` with one array, deflated, as `numpy.savez_compressed` writes it.
public struct ArrayArchive<Element: NumpyElement>: Hashable, Sendable {
  public var shape: [Int]
  /// In C order: the last axis is the fastest.
  public var values: [Element]

  public init(shape: [Int], values: [Element]) {
    self.shape = shape
    self.values = values
  }

  /// - Parameter member: the array's name, `data` in nnU-Net's files.
  /// - Throws: what the zip writer throws.
  public func write(to path: String, member: String) throws {
    let writer = try ZipWriter(path: path)
    let head = NumpyHeader(descriptor: Element.descriptor, shape: shape).encoded
    let bytes = values.withUnsafeBytes { raw in
      [UInt8](unsafeUninitializedCapacity: head.count + raw.count) { buffer, count in
        let whole = UnsafeMutableRawBufferPointer(buffer)
        whole.copyBytes(from: head)
        UnsafeMutableRawBufferPointer(rebasing: whole[head.count...]).copyMemory(from: raw)
        count = head.count + raw.count
      }
    }
    try writer.add("\(member).npy", bytes)
    try writer.finish()
  }

  /// - Throws: `NumpyFileError`, and what the zip reader throws.
  public init(reading path: String, member: String) throws {
    (shape, values) = try ArrayMember<Element>.bytes(of: member, in: path).withUnsafeBytes { raw in
      let (header, length) = try Element.header(of: raw)
      let values = [Element](unsafeUninitializedCapacity: header.elementCount) { buffer, count in
        UnsafeMutableRawBufferPointer(buffer).copyMemory(from: UnsafeRawBufferPointer(rebasing: raw[length...]))
        count = header.elementCount
      }
      return (header.shape, values)
    }
  }
}

/// An array's file within an archive.
enum ArrayMember<Element: NumpyElement> {
  /// More bytes than any training case has.
  private static var limit: Int { MemoryLayout<Element>.stride << 36 }

  /// - Throws: `NumpyFileError` where there is none, and what the zip reader throws.
  static func bytes(of member: String, in archive: String) throws -> [UInt8] {
    let reader = try ZipReader(path: archive)
    guard let entry = reader["\(member).npy"] else {
      throw NumpyFileError(reason: "there is no array \(member) in the archive")
    }
    return try reader.read(entry, limit: limit)
  }
}

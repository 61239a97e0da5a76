internal import Foundation
internal import ZipFiles

/// An `.npz` with one array of uint8, deflated, as `numpy.savez_compressed` writes it: nnU-Net's label maps between a cascade's stages.
public struct ByteArchive: Hashable, Sendable {
  public var shape: [Int]
  /// In C order: the last axis is the fastest.
  public var values: [UInt8]

  public init(shape: [Int], values: [UInt8]) {
    self.shape = shape
    self.values = values
  }

  /// More bytes than any label map has.
  private static let limit = 1 << 36

  /// - Parameter member: the array's name, `data` in nnU-Net's files.
  /// - Throws: what the zip writer throws.
  public func write(to path: String, member: String) throws {
    let writer = try ZipWriter(path: path)
    try writer.add("\(member).npy", NumpyHeader(descriptor: "|u1", shape: shape).encoded + values)
    try writer.finish()
  }

  /// - Throws: `NumpyFileError`, and what the zip reader throws.
  public init(reading path: String, member: String) throws {
    let reader = try ZipReader(path: path)
    guard let entry = reader["\(member).npy"] else {
      throw NumpyFileError(reason: "there is no array \(member) in the archive")
    }
    let bytes = try reader.read(entry, limit: Self.limit)
    let (header, length) = try bytes.withUnsafeBytes { try NumpyHeader.read($0) }
    guard header.descriptor == "|u1", !header.isFortranOrder, bytes.count - length == header.elementCount else {
      throw NumpyFileError(reason: "it isn't a whole array of uint8 in C order")
    }
    shape = header.shape
    values = Array(bytes[length...])
  }
}

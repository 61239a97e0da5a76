internal import Foundation
internal import ZipFiles

/// An `.npz` with one array of float32, deflated, as `numpy.savez_compressed` writes it.
public struct FloatArchive: Hashable, Sendable {
  public var shape: [Int]
  /// In C order: the last axis is the fastest.
  public var values: [Float]

  public init(shape: [Int], values: [Float]) {
    self.shape = shape
    self.values = values
  }

  /// More bytes than any training case has.
  private static let limit = 1 << 38

  /// - Parameter member: the array's name, `data` in nnU-Net's files.
  /// - Throws: what the zip writer throws.
  public func write(to path: String, member: String) throws {
    let writer = try ZipWriter(path: path)
    let head = NumpyHeader(descriptor: "<f4", shape: shape).encoded
    let bytes = [UInt8](unsafeUninitializedCapacity: head.count + values.count * 4) { buffer, count in
      let raw = UnsafeMutableRawBufferPointer(buffer)
      raw.copyBytes(from: head)
      for (index, value) in values.enumerated() {
        raw.storeBytes(of: value.bitPattern.littleEndian, toByteOffset: head.count + index * 4, as: UInt32.self)
      }
      count = head.count + values.count * 4
    }
    try writer.add("\(member).npy", bytes)
    try writer.finish()
  }

  /// - Throws: `NumpyFileError`, and what the zip reader throws.
  public init(reading path: String, member: String) throws {
    let reader = try ZipReader(path: path)
    guard let entry = reader["\(member).npy"] else {
      throw NumpyFileError(reason: "there is no array \(member) in the archive")
    }
    let bytes = try reader.read(entry, limit: Self.limit)
    (shape, values) = try bytes.withUnsafeBytes { raw in
      let (header, length) = try NumpyHeader.read(raw)
      guard header.descriptor == "<f4", !header.isFortranOrder, raw.count - length == header.elementCount * 4 else {
        throw NumpyFileError(reason: "it isn't a whole array of float32 in C order")
      }
      let values = (0..<header.elementCount).map {
        Float(bitPattern: UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: length + $0 * 4, as: UInt32.self)))
      }
      return (header.shape, values)
    }
  }
}

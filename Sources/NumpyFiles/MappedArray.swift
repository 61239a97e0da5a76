internal import Foundation
internal import Glibc

/// A `.npy` file in memory, read only, in C order: the system loads what is touched and may drop it again.
///
/// The file must not be shortened while it is mapped.
public final class MappedArray<Element: NumpyElement>: @unchecked Sendable {  // nobody writes there
  public let shape: [Int]
  /// In C order: the last axis is the fastest.
  public let elements: UnsafeBufferPointer<Element>
  private let memory: UnsafeMutableRawPointer
  private let byteCount: Int

  /// - Throws: `NumpyFileError`.
  public init(path: String) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw NumpyFileError(reason: "\(path) can't be opened (errno \(errno))") }
    defer { close(descriptor) }
    let size = Int(lseek(descriptor, 0, SEEK_END))
    guard size > 0, let memory = mmap(nil, size, PROT_READ, MAP_SHARED, descriptor, 0), memory != MAP_FAILED else {
      throw NumpyFileError(reason: "\(path) is empty or can't be mapped")
    }
    do {
      let bytes = UnsafeRawBufferPointer(start: memory, count: size)
      let (header, length) = try Element.header(of: bytes)
      guard length.isMultiple(of: MemoryLayout<Element>.alignment) else {
        throw NumpyFileError(reason: "its elements aren't aligned")
      }
      shape = header.shape
      elements = UnsafeBufferPointer(
        start: (memory + length).assumingMemoryBound(to: Element.self), count: header.elementCount)
    } catch {
      munmap(memory, size)
      throw error
    }
    self.memory = memory
    byteCount = size
  }

  deinit { munmap(memory, byteCount) }

  /// Gives the memory back until the elements are read again; the system may go on holding them for the file. Other threads may be reading.
  public func unload() { madvise(memory, byteCount, MADV_DONTNEED) }

  /// Reads an archive's array, deflated or not, and writes it as a `.npy` file that can be mapped. A file that was there is replaced
  /// at once; two processes may do it at the same time.
  /// - Throws: `NumpyFileError`, and what the zip reader and writing throw.
  public static func unpack(archive: String, member: String, to path: String) throws {
    let bytes = try ArrayMember<Element>.bytes(of: member, in: archive)
    _ = try bytes.withUnsafeBytes { try Element.header(of: $0) }
    try Data(bytes).write(to: URL(filePath: path), options: .atomic)
  }
}

internal import FleetContracts
internal import Volumes

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// Memory in a temporary file without a name: the system writes it out when it needs the room, so that large volumes that are kept for a
/// viewer don't press on the process.
final class ScratchMemory {
  private let memory: UnsafeMutableRawPointer
  private let count: Int

  /// - Parameters:
  ///   - count: bytes, above 0.
  ///   - folder: where the file is made.
  /// - Throws: `RunPictureError.unusable` when there is no room.
  init(count: Int, in folder: String) throws {
    var template = Array("\(folder)/tessera-slices-XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    guard descriptor >= 0 else { throw Self.failure(folder) }
    defer { close(descriptor) }
    unlink(template)
    // Room is taken now: a page that the disk has no room for later would end the process.
    guard posix_fallocate(descriptor, 0, off_t(count)) == 0,
      let memory = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), memory != MAP_FAILED
    else { throw Self.failure(folder) }
    self.memory = memory
    self.count = count
  }

  deinit { munmap(memory, count) }

  private static func failure(_ folder: String) -> RunPictureError {
    .unusable("no temporary file can be made in \(folder); check TMPDIR, its space and permissions.")
  }

  /// Room for `count` elements, whose values are whatever was there.
  static func storage<Element: BitwiseCopyable>(_ count: Int, in folder: String) throws -> VoxelStorage<Element> {
    let owner = try ScratchMemory(count: max(1, count * MemoryLayout<Element>.stride), in: folder)
    // The storage holds the owner, so its memory stays as long as anybody reads it.
    return VoxelStorage(
      borrowing: UnsafeBufferPointer(start: owner.memory.bindMemory(to: Element.self, capacity: count), count: count),
      owner: owner)
  }
}

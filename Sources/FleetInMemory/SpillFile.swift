internal import FleetContracts
internal import Glibc
internal import ScratchFiles
internal import Synchronization

/// A temporary file without a name, for blobs that don't fit into memory. The space of dropped blobs is used again for blobs of the
/// same size (a run's tiles are all alike); the file itself goes with the process, however that ends.
final class SpillFile: Sendable {
  private let temporary: NamelessFile
  private let room = Mutex(Room())

  private struct Room {
    var end = 0
    /// Offsets of dropped extents by their size in whole pages.
    var free: [Int: [Int]] = [:]
  }

  /// Makes the file in `folder`.
  /// - Throws: `BlobStoreError.unavailable`.
  init(in folder: String) throws {
    do throws(ScratchFileError) {
      temporary = try NamelessFile(in: folder, prefix: "tessera-blobs")
    } catch {
      throw Self.failure("making a temporary file in \(folder)", code: error.code)
    }
  }

  /// Bytes in the file; the space is free again when the last reference, that of a mapping included, goes.
  final class Extent: Sendable {
    let file: SpillFile
    /// A multiple of the page size, as `mmap` demands.
    let offset: Int
    let count: Int

    fileprivate init(file: SpillFile, offset: Int, count: Int) {
      self.file = file
      self.offset = offset
      self.count = count
    }

    deinit { file.free(offset: offset, count: count) }

    func map() throws -> Blob {
      if count == 0 { return Blob(copying: []) }  // an empty mapping isn't allowed
      guard let memory = mmap(nil, count, PROT_READ, MAP_SHARED, file.temporary.descriptor, offset),
        memory != MAP_FAILED
      else {
        throw SpillFile.failure("mapping a temporary file")
      }
      return Blob(bytes: UnsafeRawBufferPointer(start: memory, count: count)) { [count] in
        madvise(memory, count, MADV_DONTNEED)
      } release: { [self] in
        munmap(memory, count)
        withExtendedLifetime(self) {}
      }
    }
  }

  /// Writes `bytes` where there is room.
  /// - Throws: `BlobStoreError.unavailable`, when the disk is full for instance.
  func append(_ bytes: UnsafeRawBufferPointer) throws -> Extent {
    let size = Self.wholePages(bytes.count)
    let offset = room.withLock { room in
      if let offset = room.free[size]?.popLast() { return offset }
      defer { room.end += size }
      return room.end
    }
    let extent = Extent(file: self, offset: offset, count: bytes.count)
    var done = 0
    while done < bytes.count {
      let written = pwrite(
        temporary.descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done, off_t(offset + done))
      if written < 0 {
        if errno == EINTR { continue }
        throw Self.failure("writing \(bytes.count) bytes to a temporary file")
      }
      done += written
    }
    return extent
  }

  private func free(offset: Int, count: Int) {
    if count > 0 { room.withLock { $0.free[Self.wholePages(count), default: []].append(offset) } }
  }

  private static func wholePages(_ count: Int) -> Int {
    let page = sysconf(Int32(_SC_PAGESIZE))
    return (count + page - 1) / page * page
  }

  private static func failure(_ action: String, code: Int32 = errno) -> BlobStoreError {
    let advice = code == ENOSPC ? "; make room on that disk, or set TMPDIR to a folder on a larger one" : ""
    return .unavailable("\(action) failed: \(String(cString: strerror(code)))\(advice).")
  }
}

internal import Glibc
internal import UNet

/// A file in memory, read only: processes that map the same file share its pages. It stays readable when the file is removed.
final class MappedFile: @unchecked Sendable {  // nobody writes there
  let all: UnsafeRawBufferPointer

  /// - Returns: `nil` where the mapping is refused, or for an empty file.
  init?(_ descriptor: Int32, byteCount: Int) {
    guard byteCount > 0, let memory = mmap(nil, byteCount, PROT_READ, MAP_SHARED, descriptor, 0), memory != MAP_FAILED
    else { return nil }
    madvise(memory, byteCount, MADV_HUGEPAGE)  // advice: no harm if it isn't taken
    all = UnsafeRawBufferPointer(start: memory, count: byteCount)
  }

  deinit { munmap(UnsafeMutableRawPointer(mutating: all.baseAddress), all.count) }
}

/// The weights in a file.
final class MappedWeights: WeightMemory {
  private let file: MappedFile
  private let header: Int

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: file.all[header...]) }

  /// - Parameter header: bytes in front of the weights, whole pages.
  init(_ file: MappedFile, header: Int) {
    self.file = file
    self.header = header
  }
}

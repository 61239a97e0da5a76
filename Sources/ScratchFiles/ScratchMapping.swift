internal import Glibc

/// Memory in a temporary file: what may be larger than the machine's memory lies on the disk, and the system keeps in memory what is
/// in use.
///
/// The file's space is reserved at once, so a full disk is an error here and not a signal while the mapping is written.
public final class ScratchMapping: @unchecked Sendable {  // who maps it says who writes what
  public let bytes: UnsafeMutableRawBufferPointer
  private let file: NamelessFile

  /// - Parameters:
  ///   - count: bytes, at least one.
  ///   - folder: where there is room for them.
  ///   - prefix: of the name that the file has for a moment.
  /// - Throws: `ScratchFileError`.
  public init(bytes count: Int, in folder: String, prefix: String) throws(ScratchFileError) {
    file = try NamelessFile(in: folder, prefix: prefix)
    let refusal = posix_fallocate(file.descriptor, 0, off_t(count))
    guard refusal == 0 else { throw ScratchFileError(code: refusal) }
    guard let address = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_SHARED, file.descriptor, 0), address != MAP_FAILED
    else { throw ScratchFileError(code: errno) }
    bytes = UnsafeMutableRawBufferPointer(start: address, count: count)
  }

  deinit { munmap(bytes.baseAddress, bytes.count) }

  /// Gives the memory back until the bytes are used again; they are in the file.
  public func unload() { madvise(bytes.baseAddress, bytes.count, MADV_DONTNEED) }

  /// A path by which this process can read the file while this object lives, though it has no name.
  public var path: String { "/proc/self/fd/\(file.descriptor)" }
}

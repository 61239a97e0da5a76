internal import Foundation

/// Memory that lies in a file, so that it can leave the machine's memory until it is used again.
protocol UnloadableMemory: AnyObject {
  func unload()
}

/// Memory in a temporary file: what may be larger than the machine's memory lies on the disk, and the system keeps in memory what is
/// in use.
///
/// The file has no name, so nothing is left of it when the process dies. Its space is reserved at once, so a full disk is an error
/// here and not a signal while the mapping is written.
final class ScratchMapping: UnloadableMemory, @unchecked Sendable {  // who maps it says who writes what
  let bytes: UnsafeMutableRawBufferPointer
  private let descriptor: Int32

  /// - Parameters:
  ///   - count: bytes, at least one.
  ///   - folder: where there is room for them.
  /// - Throws: `InferenceError.Code.unwritableFile`.
  init(bytes count: Int, in folder: URL) throws {
    func failure(_ code: Int32) -> InferenceError {
      InferenceError(
        .unwritableFile,
        "Keeping probabilities needs a temporary file of \(count) bytes in \(folder.path), which the system refuses: "
          + "\(String(cString: strerror(code))); free some space there.")
    }
    var template = Array(folder.appending(path: "tessera-probabilities-XXXXXX").path.utf8CString)
    let descriptor = mkstemp(&template)
    guard descriptor >= 0 else { throw failure(errno) }
    unlink(template)
    let refusal = posix_fallocate(descriptor, 0, off_t(count))
    guard refusal == 0 else {
      close(descriptor)
      throw failure(refusal)
    }
    guard let address = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), address != MAP_FAILED
    else {
      let code = errno
      close(descriptor)
      throw failure(code)
    }
    self.descriptor = descriptor
    bytes = UnsafeMutableRawBufferPointer(start: address, count: count)
  }

  deinit {
    munmap(bytes.baseAddress, bytes.count)
    close(descriptor)
  }

  /// Gives the memory back until the bytes are used again; they are in the file.
  func unload() { madvise(bytes.baseAddress, bytes.count, MADV_DONTNEED) }

  /// A path by which this process can read the file while this object lives, though it has no name.
  var path: String { "/proc/self/fd/\(descriptor)" }
}

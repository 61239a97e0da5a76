internal import Glibc

/// Memory of its own, aligned for SIMD, in huge pages where the system has them: an activation of 268 MB has 65536 small pages.
///
/// The pages are not touched when it is made; the first use does that, once for a process, since owners keep it.
/// `@unchecked Sendable`: a fixed address; what may write there when is the owners' business.
package final class AlignedMemory: @unchecked Sendable {
  package let base: UnsafeMutableRawPointer
  package let byteCount: Int

  private static let hugePage = 2 << 20

  /// - Parameter what: names the use in the error.
  package init(bytes: Int, for what: String) throws {
    let alignment = bytes >= Self.hugePage ? Self.hugePage : 64
    byteCount = (max(bytes, 1) + alignment - 1) / alignment * alignment
    var pointer: UnsafeMutableRawPointer?
    guard posix_memalign(&pointer, alignment, byteCount) == 0, let pointer else {
      throw NetworkExecutionError.outOfMemory(what: what, bytes: bytes)
    }
    base = pointer
    if alignment == Self.hugePage { madvise(base, byteCount, MADV_HUGEPAGE) }  // advice: no harm if it isn't taken
  }

  deinit { free(base) }

  /// The floats from `offset`, in floats, on.
  package func floats(at offset: Int = 0) -> UnsafeMutablePointer<Float> {
    base.assumingMemoryBound(to: Float.self) + offset
  }
}

internal import Glibc

/// Voxels in memory that several readers share: aligned to 64 bytes, freed with the last reference.
///
/// Large ones are the system's own pieces and go back to it at once: freed into a heap, they would leave holes that the next patch or
/// tile doesn't fit.
///
/// Filled by its maker, then only read: that convention is what makes `@unchecked Sendable` right. Who still writes holds the
/// only reference, or writes disjoint ranges from within one `ComputePool` call.
public final class VoxelStorage<Element: BitwiseCopyable>: @unchecked Sendable {
  public let elements: UnsafeMutableBufferPointer<Element>
  private let release: () -> Void

  /// Bytes from which on memory is the system's own.
  static var leastMapping: Int { 4 << 20 }

  /// Memory for `count` elements, each set to `value`.
  public init(count: Int, repeating value: Element) {
    (elements, release) = Self.allocate(count)
    elements.initialize(repeating: value)
  }

  /// Memory for `count` elements, whose values are whatever was there: the caller fills all of it.
  public init(uninitialized count: Int) { (elements, release) = Self.allocate(count) }

  /// Elements that live in memory of another owner (a mapped file), which `owner` keeps alive. They must not be written.
  public init(borrowing elements: UnsafeBufferPointer<Element>, owner: AnyObject) {
    self.elements = UnsafeMutableBufferPointer(mutating: elements)
    release = { withExtendedLifetime(owner) {} }
  }

  /// Elements that live in memory of another owner, which `owner` keeps alive; whoever made that memory fills it.
  public init(filling elements: UnsafeMutableBufferPointer<Element>, owner: AnyObject) {
    self.elements = elements
    release = { withExtendedLifetime(owner) {} }
  }

  deinit { release() }

  private static func allocate(_ count: Int) -> (UnsafeMutableBufferPointer<Element>, release: () -> Void) {
    guard count > 0 else { return (UnsafeMutableBufferPointer(start: nil, count: 0), {}) }
    let bytes = count * MemoryLayout<Element>.stride
    func buffer(_ raw: UnsafeMutableRawPointer) -> UnsafeMutableBufferPointer<Element> {
      UnsafeMutableBufferPointer(start: raw.assumingMemoryBound(to: Element.self), count: count)
    }
    if bytes >= leastMapping,
      let raw = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), raw != MAP_FAILED
    {
      return (buffer(raw), { munmap(raw, bytes) })
    }
    let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
    return (buffer(raw), { raw.deallocate() })
  }
}

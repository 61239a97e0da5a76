/// Voxels in memory that several readers share: aligned to 64 bytes, freed with the last reference.
///
/// Filled by its maker, then only read: that convention is what makes `@unchecked Sendable` right. Who still writes holds the
/// only reference, or writes disjoint ranges from within one `ComputePool` call.
public final class VoxelStorage<Element: BitwiseCopyable>: @unchecked Sendable {
  public let elements: UnsafeMutableBufferPointer<Element>
  private let release: () -> Void

  /// Memory for `count` elements, each set to `value`.
  public init(count: Int, repeating value: Element) {
    elements = Self.allocate(count)
    let memory = elements
    release = { memory.baseAddress.map { UnsafeMutableRawPointer($0).deallocate() } }
    elements.initialize(repeating: value)
  }

  /// Memory for `count` elements, whose values are whatever was there: the caller fills all of it.
  public init(uninitialized count: Int) {
    elements = Self.allocate(count)
    let memory = elements
    release = { memory.baseAddress.map { UnsafeMutableRawPointer($0).deallocate() } }
  }

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

  private static func allocate(_ count: Int) -> UnsafeMutableBufferPointer<Element> {
    guard count > 0 else { return UnsafeMutableBufferPointer(start: nil, count: 0) }
    let raw = UnsafeMutableRawPointer.allocate(byteCount: count * MemoryLayout<Element>.stride, alignment: 64)
    return UnsafeMutableBufferPointer(start: raw.assumingMemoryBound(to: Element.self), count: count)
  }
}

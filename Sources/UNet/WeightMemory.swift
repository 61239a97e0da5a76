/// Memory that holds a fold's weights as an engine takes them. It stays, and stays as it is, while anybody refers to the object.
public protocol WeightMemory: AnyObject, Sendable {
  /// Aligned to 64 bytes.
  var bytes: UnsafeRawBufferPointer { get }
}

extension AlignedMemory: WeightMemory {
  package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: byteCount) }
}

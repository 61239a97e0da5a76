public import ModelPlans

/// The weights of one fold in memory, float32 in C order, each tensor aligned to 64 bytes.
public final class FoldWeights: NetworkWeights, @unchecked Sendable {
  // The memory is written while the checkpoint is read, before anyone else sees the object, and only read afterwards.

  /// All tensors, one after the other.
  private let memory: UnsafeMutableBufferPointer<Float>
  /// Offsets and counts are elements.
  private let places: [String: (offset: Int, count: Int)]

  /// Bytes of a cache line, and of the widest vector register.
  private static let alignment = 64
  private static let alignedElements = alignment / MemoryLayout<Float>.stride

  /// Bytes that the weights take.
  public var byteCount: Int { memory.count * MemoryLayout<Float>.stride }

  /// Memory for `parameters`, filled with zeros.
  init(_ parameters: [NetworkParameter]) {
    var places: [String: (offset: Int, count: Int)] = [:]
    var count = 0
    for parameter in parameters {
      places[parameter.name] = (count, parameter.count)
      count +=
        (parameter.count + FoldWeights.alignedElements - 1) / FoldWeights.alignedElements
        * FoldWeights.alignedElements
    }
    let raw = UnsafeMutableRawBufferPointer.allocate(
      byteCount: count * MemoryLayout<Float>.stride, alignment: FoldWeights.alignment)
    memory = raw.initializeMemory(as: Float.self, repeating: 0)
    self.places = places
  }

  deinit { UnsafeMutableRawBufferPointer(memory).deallocate() }

  /// The place of a parameter that was given to `init`; empty for any other.
  func memory(of name: String) -> UnsafeMutableBufferPointer<Float> {
    guard let place = places[name] else { return UnsafeMutableBufferPointer(start: nil, count: 0) }
    return UnsafeMutableBufferPointer(rebasing: memory[place.offset..<place.offset + place.count])
  }

  public func withParameter<Result>(
    _ name: String, _ body: (UnsafeBufferPointer<Float>) throws -> Result
  ) throws -> Result {
    guard places[name] != nil else {
      throw ModelStoreError(.mismatch, "The weights have no parameter '\(name)'.")
    }
    defer { withExtendedLifetime(self) {} }
    return try body(UnsafeBufferPointer(memory(of: name)))
  }
}

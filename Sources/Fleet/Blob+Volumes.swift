internal import FleetContracts
internal import Volumes

extension Blob {
  /// The bytes of a volume, float32 `[channel, z, y, x]`, shared with it. Every machine that Tessera runs on is little-endian.
  convenience init(_ volume: ChannelVolume) {
    self.init(bytes: UnsafeRawBufferPointer(volume.elements), owner: volume.storage)
  }

  /// The bytes of a label map, uint8 `[z, y, x]`, shared with it.
  convenience init(_ labels: LabelVolume) {
    self.init(bytes: UnsafeRawBufferPointer(labels.elements), owner: labels.storage)
  }

  /// The bytes as a label map, not copied.
  /// - Throws: `RunFailure` when they are not as many as the shape needs.
  func labels(extent: Extent) throws -> LabelVolume {
    guard count == extent.count else {
      throw RunFailure(kind: .corrupt, reason: "A blob of \(count) bytes can't be \(extent) labels.")
    }
    // The storage holds this blob, so the pointer may leave the closure.
    let storage = withBytes { VoxelStorage(borrowing: $0.bindMemory(to: UInt8.self), owner: self) }
    return LabelVolume(extent: extent, storage: storage)
  }

  /// The bytes as a volume, not copied.
  /// - Throws: `RunFailure` when they are not as many as the shape needs.
  func volume(channels: Int, extent: Extent) throws -> ChannelVolume {
    let count = channels * extent.count
    guard self.count == count * MemoryLayout<Float>.stride else {
      throw RunFailure(
        kind: .corrupt,
        reason: "A blob of \(self.count) bytes can't be \(channels) x \(extent) float32 voxels.")
    }
    // The storage holds this blob, so the pointer may leave the closure.
    let storage = withBytes { VoxelStorage(borrowing: $0.bindMemory(to: Float.self), owner: self) }
    return ChannelVolume(channels: channels, extent: extent, storage: storage)
  }
}

/// A float32 array `[channel, z, y, x]`, x fastest: an image of several channels, or one probability map for each class.
public struct ChannelVolume: Sendable {
  public let channels: Int
  public let extent: Extent
  public let storage: VoxelStorage<Float>

  /// A volume of zeros.
  public init(channels: Int, extent: Extent) {
    self.init(channels: channels, extent: extent, storage: VoxelStorage(count: channels * extent.count, repeating: 0))
  }

  /// A view of `storage`, which holds `channels * extent.count` elements in `[channel, z, y, x]` order.
  public init(channels: Int, extent: Extent, storage: VoxelStorage<Float>) {
    precondition(storage.elements.count == channels * extent.count, "storage and shape differ")
    self.channels = channels
    self.extent = extent
    self.storage = storage
  }

  /// All elements, `[channel, z, y, x]`.
  public var elements: UnsafeMutableBufferPointer<Float> { storage.elements }

  /// The elements of one channel, `[z, y, x]`.
  public func channel(_ index: Int) -> UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(rebasing: storage.elements[index * extent.count..<(index + 1) * extent.count])
  }

  public subscript(channel: Int, z: Int, y: Int, x: Int) -> Float {
    get { storage.elements[((channel * extent.z + z) * extent.y + y) * extent.x + x] }
    nonmutating set { storage.elements[((channel * extent.z + z) * extent.y + y) * extent.x + x] = newValue }
  }
}

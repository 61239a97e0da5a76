/// A label map `[z, y, x]`, x fastest: one label a voxel, as nnU-Net writes them (uint8).
public struct LabelVolume: Sendable {
  public let extent: Extent
  public let storage: VoxelStorage<UInt8>

  /// A volume of background (label 0).
  public init(extent: Extent) {
    self.init(extent: extent, storage: VoxelStorage(count: extent.count, repeating: 0))
  }

  public init(extent: Extent, storage: VoxelStorage<UInt8>) {
    precondition(storage.elements.count == extent.count, "storage and shape differ")
    self.extent = extent
    self.storage = storage
  }

  /// All labels, `[z, y, x]`.
  public var elements: UnsafeMutableBufferPointer<UInt8> { storage.elements }

  public subscript(z: Int, y: Int, x: Int) -> UInt8 {
    get { storage.elements[(z * extent.y + y) * extent.x + x] }
    nonmutating set { storage.elements[(z * extent.y + y) * extent.x + x] = newValue }
  }
}

public import Foundation
public import Volumes

/// A label map and where it lies.
public struct LabelMap: Sendable {
  /// `[z, y, x]`, x fastest, in the order of the image that it belongs to.
  public let labels: LabelVolume
  public let geometry: ImageGeometry

  /// - Parameter geometry: of the image that was segmented.
  public init(labels: LabelVolume, geometry: ImageGeometry) {
    self.labels = labels
    self.geometry = geometry
  }

  /// Reads a label map of any numeric type.
  ///
  /// - Throws: `NiftiError`; `.notLabels` if a value isn't a whole number in 0...255.
  public static func load(_ url: URL, limits: NiftiLimits = NiftiLimits()) throws -> LabelMap {
    do {
      return try LabelMap(reading: ByteSource(file: url), limits: limits)
    } catch var error as NiftiError {
      error.fileName = url.lastPathComponent
      throw error
    }
  }

  /// Reads a label map that is in memory.
  ///
  /// - Throws: `NiftiError`; `.notLabels` if a value isn't a whole number in 0...255.
  public init(file: [UInt8], limits: NiftiLimits = NiftiLimits()) throws {
    try self.init(reading: ByteSource(file), limits: limits)
  }

  /// Reads a label map that is in memory, which the caller keeps during the call.
  ///
  /// - Parameter storage: makes room for so many voxels.
  /// - Throws: `NiftiError`; `.notLabels` if a value isn't a whole number in 0...255; what `storage` throws.
  public init(
    borrowing file: UnsafeRawBufferPointer, limits: NiftiLimits = NiftiLimits(),
    storage: (Int) throws -> VoxelStorage<UInt8>
  ) throws {
    try self.init(reading: ByteSource(borrowing: file), limits: limits, storage: storage)
  }

  private init(
    reading source: ByteSource, limits: NiftiLimits,
    storage: (Int) throws -> VoxelStorage<UInt8> = { VoxelStorage(uninitialized: $0) }
  ) throws {
    let reader = try NiftiReader(source, limits: limits)
    let extent = reader.header.extent
    let labels = LabelVolume(extent: extent, storage: try storage(extent.count))
    try reader.readLabels(into: labels.elements)
    self.init(labels: labels, geometry: reader.header.geometry)
  }
}

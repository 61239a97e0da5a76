public import Foundation
public import Volumes

/// An image of one or several channels, read from NIfTI files: the array in the file's own order, nothing reoriented.
public struct MedicalImage: Sendable {
  /// Float32 `[channel, z, y, x]`, x fastest.
  public let voxels: ChannelVolume
  /// What an output for this image must carry; of several channels, the first one's.
  public let geometry: ImageGeometry

  /// mm, `[z, y, x]`.
  public var spacing: Spacing { geometry.spacing }

  public init(voxels: ChannelVolume, geometry: ImageGeometry) {
    self.voxels = voxels
    self.geometry = geometry
  }
}

/// What a file may ask for before it is refused.
public struct NiftiLimits: Hashable, Sendable {
  /// Voxels of one file. The default holds a float32 volume of 32 GiB, far above any scanner's.
  public var voxels: Int

  public init(voxels: Int = 1 << 33) {
    self.voxels = voxels
  }
}

extension MedicalImage {
  /// Reads one file, plain or compressed whatever its name says.
  ///
  /// - Throws: `NiftiError`.
  public static func load(_ url: URL, limits: NiftiLimits = NiftiLimits()) throws -> MedicalImage {
    try load(channels: [url], limits: limits)
  }

  /// Reads the files of one case, a channel each, in this order.
  ///
  /// - Throws: `NiftiError`; `.mismatch` if the extents differ.
  public static func load(channels: [URL], limits: NiftiLimits = NiftiLimits()) throws -> MedicalImage {
    try read(count: channels.count, limits: limits) { index in
      do {
        return try NiftiReader(ByteSource(file: channels[index]), limits: limits)
      } catch var error as NiftiError {
        error.fileName = channels[index].lastPathComponent
        throw error
      }
    } locate: {
      channels[$0].lastPathComponent
    }
  }

  /// Reads files that are in memory, a channel each.
  ///
  /// - Throws: `NiftiError`; `.mismatch` if the extents differ.
  public init(files: [[UInt8]], limits: NiftiLimits = NiftiLimits()) throws {
    self = try Self.read(count: files.count, limits: limits) {
      try NiftiReader(ByteSource(files[$0]), limits: limits)
    } locate: { _ in
      nil
    }
  }

  /// Reads files that are in memory, a channel each, which the caller keeps during the call.
  ///
  /// - Parameter storage: makes room for so many voxels.
  /// - Throws: `NiftiError`; `.mismatch` if the extents differ; what `storage` throws.
  public init(
    borrowing files: [UnsafeRawBufferPointer], limits: NiftiLimits = NiftiLimits(),
    storage: (Int) throws -> VoxelStorage<Float> = { VoxelStorage(uninitialized: $0) }
  ) throws {
    self = try Self.read(count: files.count, limits: limits, storage: storage) {
      try NiftiReader(ByteSource(borrowing: files[$0]), limits: limits)
    } locate: { _ in
      nil
    }
  }

  /// The extent, `[z, y, x]`, and the spacing that the header of a file in memory announces, before any voxel is read.
  ///
  /// - Throws: `NiftiError`, also for an extent that the file can't hold.
  public static func grid(
    borrowing file: UnsafeRawBufferPointer, limits: NiftiLimits = NiftiLimits()
  ) throws -> (extent: Extent, spacing: Spacing) {
    let header = try NiftiReader(ByteSource(borrowing: file), limits: limits).header
    return (header.extent, header.geometry.spacing)
  }

  private static func read(
    count: Int, limits: NiftiLimits,
    storage: (Int) throws -> VoxelStorage<Float> = { VoxelStorage(uninitialized: $0) },
    open: (Int) throws -> NiftiReader, locate: (Int) -> String?
  ) throws -> MedicalImage {
    var first: (header: NiftiHeader, voxels: ChannelVolume)?
    for index in 0..<count {
      let reader = try open(index)
      let extent = reader.header.extent
      let known =
        try first
        ?? (reader.header, ChannelVolume(channels: count, extent: extent, storage: try storage(count * extent.count)))
      first = known
      do {
        guard known.voxels.extent == extent else {
          throw NiftiError(
            .mismatch,
            """
            reading a case needs channels of equal extent, channel 0 has \(known.voxels.extent) voxels (z, y, x) and channel \
            \(index) has \(extent); resample them to one grid
            """)
        }
        try reader.readVoxels(into: known.voxels.channel(index))
      } catch var error as NiftiError {
        error.fileName = locate(index)
        throw error
      }
    }
    guard let first else { throw NiftiError(.mismatch, "reading a case needs at least one channel, found none") }
    return MedicalImage(voxels: first.voxels, geometry: first.header.geometry)
  }
}

public import Volumes

/// The voxels of one image file, part after part: for who looks at each once and need not have them all.
public struct ImageStream {
  private let source: () -> ByteSource
  private let limits: NiftiLimits

  /// A file in memory, which the caller keeps.
  public init(borrowing file: UnsafeRawBufferPointer, limits: NiftiLimits = NiftiLimits()) {
    source = { ByteSource(borrowing: file) }
    self.limits = limits
  }

  /// Reads the file from its beginning and calls `body` with one part of the voxels after the other, float32 in the order of `[z, y, x]`.
  /// - Throws: `NiftiError`; `.mismatch` when the image hasn't `extent`; what `body` throws.
  public func read(extent: Extent, _ body: (UnsafeBufferPointer<Float>) throws -> Void) throws {
    let reader = try NiftiReader(source(), limits: limits)
    guard reader.header.extent == extent else {
      throw NiftiError(
        .mismatch,
        "measuring an image needs \(extent) voxels (z, y, x), as the label map has; found \(reader.header.extent)")
    }
    try reader.streamVoxels(body)
  }
}

public import Foundation

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

extension LabelMap {
  /// The bytes of a `.nii.gz`: uint8, NIfTI-1 or, where an axis is longer than 32767 voxels, NIfTI-2. The same map gives the same bytes,
  /// whatever `loop` does at the same time.
  ///
  /// - Throws: `NiftiError.Code.unwritable` if memory runs out.
  public func encoded(inParallel loop: ParallelLoop = LabelMap.oneAfterAnother) throws -> [UInt8] {
    try header.bytes.withUnsafeBytes {
      try GzipEncoder.encode([$0, UnsafeRawBufferPointer(labels.elements)], inParallel: loop)
    }
  }

  /// Writes a `.nii.gz`: under another name first, so that nobody meets half a file under this one.
  ///
  /// - Throws: `NiftiError.Code.unwritable`.
  public func write(to url: URL, inParallel loop: ParallelLoop = LabelMap.oneAfterAnother) throws {
    let bytes = try encoded(inParallel: loop)
    let temporary = url.deletingLastPathComponent().appending(path: ".\(UUID().uuidString).part")
    do {
      try Self.writeDurably(bytes, to: temporary)
      guard rename(temporary.path, url.path) == 0 else { throw Self.failure() }
    } catch var error as NiftiError {
      unlink(temporary.path)
      error.fileName = url.lastPathComponent
      throw error
    }
  }

  /// The loop of one thread.
  public static func oneAfterAnother(count: Int, body: (Int) -> Void) {
    for item in 0..<count { body(item) }
  }

  private static func failure() -> NiftiError {
    NiftiError(
      .unwritable,
      "the label map can't be written: \(String(cString: strerror(errno))); check the folder's permissions and space")
  }

  private static func writeDurably(_ bytes: [UInt8], to url: URL) throws {
    let descriptor = open(url.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw failure() }
    defer { close(descriptor) }
    try bytes.withUnsafeBytes { buffer in
      var written = 0
      while written < buffer.count {
        #if canImport(Glibc)
          let count = Glibc.write(descriptor, buffer.baseAddress! + written, buffer.count - written)
        #else
          let count = Musl.write(descriptor, buffer.baseAddress! + written, buffer.count - written)
        #endif
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { throw failure() }
        written += count
      }
    }
    guard fsync(descriptor) == 0 else { throw failure() }
  }

  /// The header and the four bytes that say that no extension follows.
  private var header: HeaderBytes {
    let isSecond = labels.extent.lengths.contains { $0 > Int(Int16.max) }
    let size = isSecond ? NiftiHeader.size2 : NiftiHeader.size1
    var header = HeaderBytes(bytes: [UInt8](repeating: 0, count: size + 4))
    header.set(Int32(size), at: 0)
    header.set(Int16(NiftiDatatype.uint8.rawValue), at: isSecond ? 12 : 70)
    header.set(Int16(8), at: isSecond ? 14 : 72)
    let dimensions = [geometry.rank] + labels.extent.lengths.reversed() + [1, 1, 1, 1]
    for (index, length) in dimensions.enumerated() {
      if isSecond {
        header.set(Int64(length), at: 16 + 8 * index)
      } else {
        header.set(Int16(length), at: 40 + 2 * index)
      }
    }
    func set(_ value: Double, _ first: Int, _ second: Int) {
      if isSecond { header.set(double: value, at: second) } else { header.set(float: value, at: first) }
    }
    func set(_ values: [Double], _ first: Int, _ second: Int) {
      for (index, value) in values.enumerated() { set(value, first + 4 * index, second + 8 * index) }
    }
    set(geometry.pixdim, 76, 104)
    set(1, 112, 176)  // scl_slope
    set(geometry.quaternion, 256, 352)
    set(geometry.offset, 268, 376)
    set(geometry.sform, 280, 400)
    if isSecond {
      header.bytes.replaceSubrange(4..<12, with: [0x6E, 0x2B, 0x32, 0, 0x0D, 0x0A, 0x1A, 0x0A])
      header.set(Int64(size + 4), at: 168)
      header.set(Int32(truncatingIfNeeded: geometry.qformCode), at: 344)
      header.set(Int32(truncatingIfNeeded: geometry.sformCode), at: 348)
      header.set(Int32(truncatingIfNeeded: geometry.xyztUnits), at: 500)
    } else {
      header.bytes.replaceSubrange(344..<348, with: [0x6E, 0x2B, 0x31, 0])
      header.set(float: Double(size + 4), at: 108)
      header.set(Int16(truncatingIfNeeded: geometry.qformCode), at: 252)
      header.set(Int16(truncatingIfNeeded: geometry.sformCode), at: 254)
      header.bytes[123] = UInt8(truncatingIfNeeded: geometry.xyztUnits)
    }
    return header
  }
}

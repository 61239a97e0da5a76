/// One file on its way into memory: the header is read and checked at once, the voxels when there is room for them.
struct NiftiReader {
  let header: NiftiHeader
  private let stream: InflatingStream

  /// Bytes that are inflated and decoded at a time; a multiple of every voxel's size.
  private static let chunk = 1 << 20

  /// - Throws: `NiftiError`, before anything as large as the header announces is allocated.
  init(_ source: ByteSource, limits: NiftiLimits) throws {
    let stream = try InflatingStream(source)
    self.stream = stream
    var prefix = [UInt8](repeating: 0, count: 4)
    guard try prefix.withUnsafeMutableBytes({ try stream.read(into: $0) }) == 4 else {
      throw NiftiError(.notNifti, "reading an image needs a NIfTI file; this one has fewer bytes than any header")
    }
    let (size, isBigEndian) = try NiftiHeader.size(prefix: prefix)
    var bytes = [UInt8](repeating: 0, count: size)
    bytes.replaceSubrange(0..<4, with: prefix)
    let rest = try bytes.withUnsafeMutableBytes { try stream.read(into: .init(rebasing: $0[4...])) }
    guard rest == size - 4 else {
      throw NiftiError(.truncated, "the file ends within its header of \(size) bytes, after \(rest + 4); copy it again")
    }
    header = try NiftiHeader(HeaderBytes(bytes: bytes, isBigEndian: isBigEndian))
    try checkSize(limits: limits)
    try skip(header.voxelOffset - size)
  }

  /// Refuses dimensions that the file can't hold, before they are believed.
  private func checkSize(limits: NiftiLimits) throws {
    guard header.extent.count <= limits.voxels else {
      throw NiftiError(
        .dimensions,
        "the header announces \(header.extent) voxels (z, y, x); the limit is \(limits.voxels) in all")
    }
    let needed = header.voxelOffset + header.voxelBytes
    guard needed <= stream.greatestCount else {
      throw NiftiError(
        .truncated,
        """
        the header announces \(header.extent) voxels (z, y, x) of \(header.datatype.size) bytes, which \(stream.source.count) \
        \(stream.isCompressed ? "compressed " : "")bytes can't hold; the file is cut or its header wrong
        """)
    }
  }

  private func skip(_ count: Int) throws {
    var left = count
    var buffer = [UInt8](repeating: 0, count: min(max(count, 1), Self.chunk))
    while left > 0 {
      let wanted = min(left, buffer.count)
      let got = try buffer.withUnsafeMutableBytes { try stream.read(into: .init(rebasing: $0[..<wanted])) }
      guard got == wanted else { throw endsTooEarly(missing: left - got + header.voxelBytes) }
      left -= got
    }
  }

  /// Reads all voxels, as float32 `[z, y, x]`, and makes sure that the file ends with them.
  ///
  /// - Parameter values: `header.extent.count` elements.
  func readVoxels(into values: UnsafeMutableBufferPointer<Float>) throws {
    let decoder = VoxelDecoder(header)
    var hasValue = false
    try forEachChunk(of: values.count) { range, bytes in
      if decoder.decode(bytes, into: UnsafeMutableBufferPointer(rebasing: values[range])) { hasValue = true }
    }
    try check(hasValue: hasValue)
  }

  /// Reads all voxels as labels `[z, y, x]`, never more than a chunk of them in any other type, and makes sure that the file ends with
  /// them.
  ///
  /// - Parameter labels: `header.extent.count` elements.
  /// - Throws: `NiftiError.Code.notLabels` where a value isn't a whole number from 0 to 255.
  func readLabels(into labels: UnsafeMutableBufferPointer<UInt8>) throws {
    let decoder = VoxelDecoder(header)
    let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: Self.chunk)
    defer { values.deallocate() }
    var hasValue = false
    try forEachChunk(of: labels.count) { range, bytes in
      let part = UnsafeMutableBufferPointer(rebasing: values[..<range.count])
      if decoder.decode(bytes, into: part) { hasValue = true }
      for (index, value) in zip(range, part) {
        guard let label = UInt8(exactly: value) else {
          throw NiftiError(
            .notLabels,
            "reading a label map needs whole numbers from 0 to 255, found \(value); give the labels, not the image")
        }
        labels[index] = label
      }
    }
    try check(hasValue: hasValue)
  }

  /// Reads all voxels, a chunk of them at a time, as float32 in the order of `[z, y, x]`, and makes sure that the file ends with them.
  func streamVoxels(_ body: (UnsafeBufferPointer<Float>) throws -> Void) throws {
    let decoder = VoxelDecoder(header)
    let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: Self.chunk)
    defer { values.deallocate() }
    var hasValue = false
    try forEachChunk(of: header.extent.count) { range, bytes in
      let part = UnsafeMutableBufferPointer(rebasing: values[..<range.count])
      if decoder.decode(bytes, into: part) { hasValue = true }
      try body(UnsafeBufferPointer(part))
    }
    try check(hasValue: hasValue)
  }

  private func check(hasValue: Bool) throws {
    guard hasValue else {
      throw NiftiError(
        .noValues, "reading an image needs values, but every voxel is NaN or infinite; export the image again")
    }
  }

  /// Calls `body` with the bytes of some voxels at a time, `count` in all, then makes sure that nothing follows them.
  private func forEachChunk(of count: Int, _ body: (Range<Int>, UnsafeRawBufferPointer) throws -> Void) throws {
    let size = header.datatype.size
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.chunk, alignment: 64)
    defer { buffer.deallocate() }
    var start = 0
    while start < count {
      let range = start..<min(count, start + Self.chunk / size)
      let bytes = UnsafeMutableRawBufferPointer(rebasing: buffer[..<(range.count * size)])
      let got = try stream.read(into: bytes)
      guard got == bytes.count else { throw endsTooEarly(missing: (count - start) * size - got) }
      try body(range, UnsafeRawBufferPointer(bytes))
      start = range.upperBound
    }
    // Reading on to the end also lets zlib check the sum over the data.
    guard try stream.read(into: .init(rebasing: buffer[..<1])) == 0 else {
      throw NiftiError(
        .trailingBytes,
        """
        the file goes on behind the \(header.extent) voxels (z, y, x) that its header announces; its header is wrong or it \
        holds several volumes
        """)
    }
  }

  private func endsTooEarly(missing: Int) -> NiftiError {
    NiftiError(
      .truncated,
      "the file ends \(missing) bytes before the \(header.extent) voxels (z, y, x) that its header announces; copy it again"
    )
  }
}

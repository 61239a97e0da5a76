internal import Deflate

/// Calls `body` with each item in `0..<count`, on as many threads as it likes, and returns when all are done.
public typealias ParallelLoop = (_ count: Int, _ body: @Sendable (_ item: Int) -> Void) -> Void

/// Writes a new zip file (PKWARE's APPNOTE.TXT), piece by piece; sizes beyond 4 GiB are fine.
///
///     let writer = try ZipWriter(path: "case.npz")
///     try writer.add("softmax.npy", fromFile: "case.npy")
///     try writer.finish()
///
/// The same entries make the same bytes, on however many threads: times are left at zip's epoch. Everything goes into a file beside
/// first, which `finish` puts into place; without `finish` there is no file. Not thread-safe.
public final class ZipWriter {
  public enum Compression: Sendable {
    case stored
    /// zlib's levels 1 (fast) to 9 (small).
    case deflated(level: Int = 6)
  }

  private let path: String
  private let loop: ParallelLoop
  private let file: OutputFile
  private var entries: [ZipRecord] = []
  private var names: Set<String> = []
  private var isFinished = false

  /// Bytes of a block that is compressed by itself.
  private static let blockSize = 1 << 20
  /// Blocks that are in memory at a time.
  private static let blocksAtOnce = 16

  /// A file that exists at `path` is replaced by `finish`.
  /// - Parameter loop: how blocks are compressed; one after the other by default.
  /// - Throws: `ZipError`.
  public init(
    path: String, inParallel loop: @escaping ParallelLoop = { count, body in (0..<count).forEach(body) }
  ) throws(ZipError) {
    self.path = path
    self.loop = loop
    file = try OutputFile(beside: path)
  }

  deinit { if !isFinished { file.discard() } }

  /// Adds an entry whose content is `bytes`.
  /// - Throws: `ZipError`.
  public func add(_ name: String, _ bytes: [UInt8], compression: Compression = .deflated()) throws(ZipError) {
    try add(name, size: bytes.count, compression) { offset, buffer in
      bytes.withUnsafeBytes {
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + buffer.count]))
      }
    }
  }

  /// Adds an entry whose content is memory that lives during the call.
  /// - Throws: `ZipError`.
  public func add(
    _ name: String, _ bytes: UnsafeRawBufferPointer, compression: Compression = .deflated()
  ) throws(ZipError) {
    try add(name, size: bytes.count, compression) { offset, buffer in
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + buffer.count]))
    }
  }

  /// Adds an entry whose content is that of the file at `source`, read piece by piece.
  /// - Throws: `ZipError`.
  public func add(
    _ name: String, fromFile source: String, compression: Compression = .deflated()
  ) throws(ZipError) {
    let input = try SourceFile(source)
    try add(name, size: input.size, compression) { (offset, buffer) throws(ZipError) in
      try input.read(at: offset, into: buffer)
    }
  }

  /// Writes the directory, and puts the file into its place whole.
  /// - Parameter synchronising: waits until the disk has the file before it takes the place of what was there.
  /// - Throws: `ZipError`; then no new file is at the path.
  public func finish(synchronising: Bool = false) throws(ZipError) {
    guard !isFinished else { throw ZipError(.write, "The zip file '\(path)' is finished already.") }
    let start = file.offset
    for entry in entries { try file.append(entry.directoryEntry) }
    try file.append(ZipRecord.end(entries: entries.count, directory: start, size: file.offset - start))
    if synchronising { try file.synchronise() }
    try file.putIntoPlace()
    isFinished = true
  }

  private typealias Source = (_ offset: Int, _ buffer: UnsafeMutableRawBufferPointer) throws(ZipError) -> Void

  private func add(_ name: String, size: Int, _ compression: Compression, _ source: Source) throws(ZipError) {
    guard !isFinished, names.insert(name).inserted, name.utf8.count <= UInt16.max else {
      throw ZipError(.write, "'\(name)' can't be added to the zip file '\(path)': it is finished, or has one already.")
    }
    var entry = ZipRecord(name: name, offset: file.offset, size: size, isDeflated: compression.level != nil)
    try file.append(entry.localHeader)
    let start = file.offset
    // The bytes before a batch stand in front of it, as the first block's dictionary.
    let window = DeflateBlock.window
    let capacity = min(size, Self.blockSize * Self.blocksAtOnce)
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: window + capacity, alignment: 64)
    defer { memory.deallocate() }
    var offset = 0
    // An empty stream needs an end, too.
    repeat {
      let count = min(size - offset, capacity)
      if offset > 0 {
        memory.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[memory.count - window..<memory.count]))
      }
      try source(offset, UnsafeMutableRawBufferPointer(rebasing: memory[window..<window + count]))
      let batch = Batch(
        bytes: UnsafeRawBufferPointer(memory), start: window, count: count, history: min(offset, window),
        isLast: offset + count == size)
      entry.checksum = try write(batch, level: compression.level, checksum: entry.checksum)
      offset += count
    } while offset < size
    entry.compressedSize = file.offset - start
    try file.overwrite(entry.localHeader, at: entry.offset)
    entries.append(entry)
  }

  /// A piece of an entry in memory.
  private struct Batch: @unchecked Sendable {  // memory that nobody writes while the batch is compressed
    let bytes: UnsafeRawBufferPointer
    /// First byte of the piece; `history` bytes of the entry are before it.
    let start: Int
    let count: Int
    let history: Int
    let isLast: Bool

    func part(_ range: Range<Int>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[range]) }
  }

  /// - Returns: the checksum of the entry up to the batch's end.
  private func write(_ batch: Batch, level: Int?, checksum: UInt32) throws(ZipError) -> UInt32 {
    guard let level else {
      let bytes = batch.part(batch.start..<batch.start + batch.count)
      try file.append(bytes)
      return DeflateBlock.combine(checksum, DeflateBlock.checksum(of: bytes), length: bytes.count)
    }
    let count = max(1, (batch.count + Self.blockSize - 1) / Self.blockSize)
    var blocks = [DeflateBlock?](repeating: nil, count: count)
    blocks.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let results = buffer  // each item writes its own element
      loop(count) { index in
        let first = batch.start + index * Self.blockSize
        let range = first..<min(first + Self.blockSize, batch.start + batch.count)
        let history = min(batch.history + index * Self.blockSize, DeflateBlock.window)
        results[index] = DeflateBlock(
          batch.part(range), dictionary: batch.part(first - history..<first),
          isLast: batch.isLast && index == count - 1,
          level: level)
      }
    }
    var checksum = checksum
    for block in blocks {
      guard let block else { throw ZipError(.write, "The zip file '\(path)' can't be written: memory ran out.") }
      try file.append(block.bytes)
      checksum = DeflateBlock.combine(checksum, block.checksum, length: block.length)
    }
    return checksum
  }
}

extension ZipWriter.Compression {
  fileprivate var level: Int? {
    if case .deflated(let level) = self { return level }
    return nil
  }
}

import Foundation
import Testing
import Testkit
import ZipFiles

@Suite("Zip files")
struct ZipFileTests {
  private let folder: TemporaryFolder
  private var path: String { folder.url.appending(path: "a.zip").path }

  init() throws { folder = try TemporaryFolder() }

  private func write() throws {
    let source = folder.url.appending(path: "source.bin")
    try Data(repeating: 7, count: 300_000).write(to: source)
    let writer = try ZipWriter(path: path)
    try writer.add("stored.bin", Array("as it is".utf8), compression: .stored)
    try writer.add("text/ü.txt", Array(repeating: 65, count: 100_000))
    try writer.add("empty", [])
    try writer.add("file.npy", fromFile: source.path)
    try writer.finish()
  }

  @Test("what was written is read, from memory and from a file")
  func roundTrip() throws {
    try write()
    let zip = try ZipReader(path: path)
    #expect(zip.entries.map(\.name) == ["stored.bin", "text/ü.txt", "empty", "file.npy"])
    #expect(zip.entries.map(\.size) == [8, 100_000, 0, 300_000])
    #expect(zip.entries.map(\.isStored).first == true)
    #expect(try zip.read(#require(zip["stored.bin"]), limit: 8) == Array("as it is".utf8))
    #expect(try zip.read(#require(zip["text/ü.txt"]), limit: 100_000) == [UInt8](repeating: 65, count: 100_000))
    #expect(try zip.read(#require(zip["empty"]), limit: 0) == [])
    var memory = [UInt8](repeating: 0, count: 300_000)
    let entry = try #require(zip["file.npy"])
    #expect(entry.compressedSize < 3000)
    try memory.withUnsafeMutableBytes { try zip.read(entry, into: $0) }
    #expect(memory == [UInt8](repeating: 7, count: 300_000))
    #expect(zip["nothing"] == nil)
  }

  @Test("entries that share their bytes are refused: a small file could hold as much as one likes")
  func overlappingEntries() throws {
    let writer = try ZipWriter(path: path)
    try writer.add("a", [UInt8](repeating: 1, count: 5000), compression: .stored)
    try writer.finish()
    var bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    // The directory's only record stands between the entry and the end record, whose counts are at 8 and 10, size at 12.
    let record = try #require(bytes.indices.first { bytes[$0...].starts(with: [0x50, 0x4B, 1, 2]) })
    let end = try #require(bytes.indices.last { bytes[$0...].starts(with: [0x50, 0x4B, 5, 6]) })
    let size = end - record
    bytes[end + 8] = 2
    bytes[end + 10] = 2
    bytes[end + 12] = UInt8(2 * size)
    bytes.insert(contentsOf: bytes[record..<end], at: end)
    let other = folder.url.appending(path: "bomb.zip")
    try Data(bytes).write(to: other)
    let error = #expect(throws: ZipError.self) { try ZipReader(path: other.path) }
    #expect(error?.code == .size)
  }

  @Test("the same entries make the same bytes")
  func deterministic() throws {
    try write()
    let first = try Data(contentsOf: URL(filePath: path))
    try write()
    #expect(try Data(contentsOf: URL(filePath: path)) == first)
  }

  /// More than a batch of blocks, of a length that is no multiple of a block, and of bytes that shrink a little.
  @Test("large entries have the bytes that went in, and the same zip file on any number of threads")
  func large() throws {
    var generator = SplitMix64(seed: 21)
    let piece = (0..<1 << 18 + 77).map { _ in UInt8(truncatingIfNeeded: generator.next() >> 59) }
    let bytes = [[UInt8]](repeating: piece, count: 66).flatMap { $0 }
    let count = bytes.count
    let source = folder.url.appending(path: "source.bin")
    try ScratchFile.write(bytes, to: source)
    for (name, loop) in [
      ("one.zip", { count, body in (0..<count).forEach(body) }),
      ("many.zip", { count, body in DispatchQueue.concurrentPerform(iterations: count, execute: body) }),
    ] as [(String, ParallelLoop)] {
      let writer = try ZipWriter(path: folder.url.appending(path: name).path, inParallel: loop)
      try writer.add("file", fromFile: source.path, compression: .deflated(level: 1))
      try writer.add("stored", bytes, compression: .stored)
      try writer.finish()
    }
    let (one, many) = (folder.url.appending(path: "one.zip"), folder.url.appending(path: "many.zip"))
    #expect(try Data(contentsOf: one) == Data(contentsOf: many))
    let zip = try ZipReader(path: one.path)
    for name in ["file", "stored"] { #expect(try zip.read(#require(zip[name]), limit: count) == bytes) }
    #expect(try #require(zip["file"]).compressedSize < UInt64(count) * 7 / 10)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).count == 3, "nothing is left beside")
  }

  @Test("a name is taken once")
  func names() throws {
    let writer = try ZipWriter(path: path)
    try writer.add("a", [1])
    #expect(throws: ZipError.self) { try writer.add("a", [2]) }
  }

  @Test("an entry that is larger than allowed, or of another size than the memory, is refused")
  func limits() throws {
    try write()
    let zip = try ZipReader(path: path)
    let entry = try #require(zip["text/ü.txt"])
    #expect(throws: ZipError.self) { try zip.read(entry, limit: 99_999) }
    var memory = [UInt8](repeating: 0, count: 100_001)
    #expect(throws: ZipError.self) { try memory.withUnsafeMutableBytes { try zip.read(entry, into: $0) } }
  }

  @Test("without finish nothing is written, and a second finish is an error")
  func finish() throws {
    do {
      let writer = try ZipWriter(path: path)
      try writer.add("a", [1])
    }
    #expect(!FileManager.default.fileExists(atPath: path))
    let writer = try ZipWriter(path: path)
    try writer.add("a", [1])
    try writer.finish()
    #expect(throws: ZipError.self) { try writer.finish() }
  }

  @Test("files that can't be read or written are told by name")
  func files() throws {
    #expect(throws: ZipError.self) { try ZipReader(path: folder.url.appending(path: "nothing.zip").path) }
    let other = folder.url.appending(path: "text.zip")
    try Data("no zip file".utf8).write(to: other)
    #expect(throws: ZipError.self) { try ZipReader(path: other.path) }
    let writer = try ZipWriter(path: path)
    #expect(throws: ZipError.self) { try writer.add("a", fromFile: "/nowhere/at/all") }
    #expect(throws: ZipError.self) { try ZipWriter(path: "/nowhere/at/all.zip") }
  }

  @Test("nnU-Net's npz is read: numpy's zip file with one compressed array")
  func npz() throws {
    let url = Fixtures.directory.appending(
      path: "Task501/expected/Task501-3d_fullres-f0-nomirror/colin_small.npz")
    let zip = try ZipReader(path: url.path)
    let entry = try #require(zip["softmax.npy"])
    // 3 classes, 22 x 35 x 28 voxels of two bytes, and numpy's header.
    #expect(entry.size == 128 + 3 * 22 * 35 * 28 * 2)
    #expect(try zip.read(entry, limit: Int(entry.size)).starts(with: [0x93] + Array("NUMPY".utf8)))
  }

  @Test("damage is noticed by the checksum, and thousands of damaged files do no harm")
  func fuzz() throws {
    try write()
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    var generator = SplitMix64(seed: 9)
    var refused = 0
    for round in 0..<3000 {
      let file = folder.url.appending(path: "\(round).zip")
      try ScratchFile.write(Mutation.mutate(bytes, using: &generator), to: file)
      defer { try? FileManager.default.removeItem(at: file) }
      let begin = ThreadTime.seconds
      do {
        let zip = try ZipReader(path: file.path)
        for entry in zip.entries { _ = try zip.read(entry, limit: 1 << 20) }
      } catch {
        #expect(!error.description.isEmpty)
        refused += 1
      }
      #expect(ThreadTime.seconds - begin < 1)
    }
    #expect(refused > 1000)
  }

  @Test("a flipped bit in an entry is an error, not another value")
  func checksum() throws {
    try write()
    var bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    let place = try #require(bytes.indices.first { bytes[$0...].starts(with: Array("as it is".utf8)) })
    bytes[place] ^= 1
    let damaged = folder.url.appending(path: "damaged.zip")
    try Data(bytes).write(to: damaged)
    let zip = try ZipReader(path: damaged.path)
    #expect(throws: ZipError.self) { try zip.read(#require(zip["stored.bin"]), limit: 8) }
  }
}

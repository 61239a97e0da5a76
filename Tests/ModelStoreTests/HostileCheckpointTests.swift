import Foundation
import ModelPlans
import Testing
import Testkit

@testable import ModelStore

@Suite("Damaged and hostile checkpoints")
struct HostileCheckpointTests {
  private let folder: ModelFolder
  private let model: TrainedModel

  init() throws {
    folder = try ModelFolder()
    model = try folder.open()
  }

  private static func seed(_ format: String) throws -> [UInt8] {
    [UInt8](
      try Data(
        contentsOf: CheckpointFormatTests.folder(format).appending(path: "fold_0/model_final_checkpoint.model")))
  }

  /// What opening a checkpoint of these bytes ends with; it must end soon, and with a clear error.
  private func failure(_ bytes: [UInt8]) throws -> ModelStoreError? {
    try folder.replace(folder.checkpoint, with: bytes)
    let begin = ThreadTime.seconds
    defer { #expect(ThreadTime.seconds - begin < 1) }
    return failure()
  }

  private func failure() -> ModelStoreError? {
    do {
      _ = try model.weights(fold: FoldName(0))
      return nil
    } catch {
      return error
    }
  }

  @Test("a checkpoint that is cut anywhere is refused", arguments: ["zip", "legacy"])
  func prefixes(_ format: String) throws {
    let bytes = try Self.seed(format)
    #expect(try failure(bytes) == nil)
    for count in bytes.indices.reversed() {
      #expect(truncate(folder.checkpoint.path, count) == 0)
      let error = try #require(failure(), "the first \(count) bytes were accepted")
      #expect(error.description.hasSuffix("."))
    }
  }

  @Test("flipped and cut checkpoints are read or refused", arguments: ["zip", "legacy"])
  func fuzz(_ format: String) throws {
    let bytes = try Self.seed(format)
    var generator = SplitMix64(seed: format == "zip" ? 1 : 2)
    var refused = 0
    for _ in 0..<2500 where try failure(Mutation.mutate(bytes, using: &generator)) != nil { refused += 1 }
    #expect(refused > 250)
  }

  @Test("flipped and cut descriptions are read or refused")
  func fuzzDescription() throws {
    let bytes = [UInt8](try Data(contentsOf: folder.description))
    var generator = SplitMix64(seed: 3)
    var refused = 0
    for _ in 0..<2500 {
      try folder.replace(folder.description, with: Mutation.mutate(bytes, using: &generator))
      do { _ = try folder.open() } catch { refused += 1 }
    }
    #expect(refused > 250)
  }

  @Test("a checkpoint whose pickle calls a function is refused, and the error names the function")
  func codeInCheckpoint() throws {
    var builder = CheckpointBuilder(model.network)
    builder.tensors[0].type = "FloatStorage\ncos\nsystem\n(Vtrue\ntR0ctorch\nFloatStorage"
    try builder.writeZip(to: folder.checkpoint)
    let zip = try #require(failure())
    let legacy = try #require(try failure(builder.legacy))
    for error in [zip, legacy] {
      #expect(error.code == .damaged)
      #expect(error.description.contains("'os.system'"))
    }
  }

  @Test("sizes and offsets of the zip directory that lead beyond the file are refused")
  func zipRecords() throws {
    let bytes = try Self.seed("zip")
    // Central directory headers begin with PK 1 2: compressed size at 20, size at 24, local header at 42.
    let headers = bytes.indices.filter { bytes[$0...].starts(with: [0x50, 0x4B, 1, 2]) }
    #expect(headers.count > 10)
    var refused = 0
    for header in headers {
      for field in [20, 24, 42] {
        for value: [UInt8] in [[0xFE, 0xFF, 0xFF, 0xFF], [0xFF, 0xFF, 0xFF, 0x7F], [1, 0, 0, 0]] {
          var changed = bytes
          changed.replaceSubrange(header + field..<header + field + 4, with: value)
          if try failure(changed) != nil { refused += 1 }
        }
      }
    }
    // What nobody reads (the optimiser's storages, serialization ids) may be damaged.
    #expect(refused > headers.count * 6)
    // The end record's number of entries, size and offset of the directory.
    let end = try #require(bytes.indices.last { bytes[$0...].starts(with: [0x50, 0x4B, 5, 6]) })
    for field in 4..<20 {
      var changed = bytes
      changed[end + field] ^= 0x55
      _ = try failure(changed)
    }
  }

  @Test("counts of a legacy checkpoint's storages are held against the file")
  func legacyCounts() throws {
    let builder = CheckpointBuilder(model.network)
    let bytes = builder.legacy
    let first = bytes.count - builder.storages.reduce(0) { $0 + 8 + $1.bytes.count }
    for count in [Int64.max, Int64.min, -1, 1 << 61, 1 << 40, 0, 73] {
      var changed = bytes
      changed.replaceSubrange(first..<first + 8, with: withUnsafeBytes(of: count.littleEndian) { Array($0) })
      #expect(try failure(changed) != nil, "\(count)")
    }
  }

  @Test(
    "a pickle that describes gigabytes, without the bytes, is refused before memory is taken", arguments: [true, false])
  func claims(_ isZip: Bool) throws {
    var network = model.network
    // 2^40 parameters a level: taking memory for them would end the process.
    network.features = network.features.map { _ in 1 << 19 }
    var builder = CheckpointBuilder()
    for (index, parameter) in network.parameters.enumerated() {
      builder.add(parameter.name, [], key: "\(index)")
      builder.tensors[index].shape = parameter.shape
      builder.tensors[index].count = parameter.count
      builder.tensors[index].strides = parameter.shape.indices.map { parameter.shape[($0 + 1)...].reduce(1, *) }
    }
    if isZip {
      try builder.writeZip(to: folder.checkpoint)
    } else {
      try folder.replace(folder.checkpoint, with: builder.legacy)
    }
    let error = #expect(throws: ModelStoreError.self) {
      try Checkpoint(folder.checkpoint).weights(of: network)
    }
    #expect(error?.code == .damaged)
  }

  @Test("tensors that share a storage can't make a small file fill the memory")
  func sharing() throws {
    var builder = CheckpointBuilder(model.network)
    let weights = builder.tensors.indices.filter { builder.tensors[$0].shape == builder.tensors[1].shape }
    #expect(weights.count > 1)
    for index in weights { builder.tensors[index].key = builder.tensors[1].key }
    try builder.writeZip(to: folder.checkpoint)
    let error = try #require(failure())
    #expect(error.code == .damaged && error.description.contains("share"))
  }

  @Test("names in a checkpoint can't begin a new line in an error, nor fill the terminal")
  func names() throws {
    for name in ["a\nERROR: all is well", "\u{1B}[2J", String(repeating: "x", count: 100_000)] {
      var builder = CheckpointBuilder(model.network)
      builder.tensors[0].name = name
      try builder.writeZip(to: folder.checkpoint)
      let error = try #require(failure())
      #expect(error.code == .mismatch && error.description.count < 1000)
      #expect(error.description.unicodeScalars.allSatisfy { $0.value >= 32 })
    }
  }

  @Test("what isn't a checkpoint is called that")
  func otherFiles() throws {
    for bytes: [UInt8] in [[], [0x80], Array("hello world, this is no checkpoint".utf8), [0x80, 2, 0x4E, 0x2E]] {
      #expect(try failure(bytes) != nil)
    }
    try FileManager.default.removeItem(at: folder.checkpoint)
    try FileManager.default.createDirectory(at: folder.checkpoint, withIntermediateDirectories: false)
    #expect(failure()?.code == .unreadable)
  }
}

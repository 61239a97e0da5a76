import Digests
import Foundation
import Kernels
import ModelPlans
import Testing
import Testkit
import UNet
import WeightsCache

@Suite struct WeightsCacheTests {
  @Test func whatWasStoredIsFoundWithTheSameBits() throws {
    let example = try Example()
    guard case .missing = try example.find() else {
      Issue.record("an empty folder has weights")
      return
    }
    try example.cache.store(example.weights, example.key)
    let found = try example.found()
    #expect(found.byteCount == example.weights.byteCount)
    #expect(try example.logits(found) == example.logits(example.weights))
    #expect(content(found) == content(example.weights))
  }

  @Test func nothingElseStaysInTheFolder() throws {
    let example = try Example()
    try example.cache.store(example.weights, example.key)
    #expect(try example.files.map { $0.hasSuffix(".weights") } == [true])
  }

  @Test func aKeyNamesCheckpointNetworkAndLayoutButNotTheInstructionSet() throws {
    let example = try Example()
    func key(_ checkpoint: String, _ engine: NetworkEngine) throws -> WeightsKey? {
      try WeightsKey(checkpoint: Digest(of: checkpoint.utf8), engine: engine)
    }
    var wider = Example.network
    wider.features[0] += 1
    let keys = [
      try key("a", example.engine), try key("b", example.engine),
      try key("a", try NetworkEngine(.winograd, description: wider)),
    ]
    #expect(Set(keys).count == 3 && !keys.contains(nil))
    for set in InstructionSet.available {
      let engine = try NetworkEngine(.winograd, description: Example.network, instructionSet: set)
      #expect(try key("a", engine) == keys[0])
      let prepared = try engine.prepare(example.parameters, pool: ComputePool(threads: 2))
      #expect(content(prepared) == content(example.weights), "\(set)")
    }
    #expect(try key("a", NetworkEngine(.blas, description: Example.network)) == nil)
  }

  /// One for each thing that is checked: where the byte lies, and what the reason must name.
  @Test(arguments: [
    (0, "isn't a file of weights"), (8, "version"), (12, "header"), (16, "header"), (24, "header"), (40, "header"),
    (96, "header"), (103, "header"), (200, "header"), (-1, "content"), (-2_000_000, "content"), (4096, "content"),
  ])
  func aFlippedByteIsNoticedAndTheFileRemoved(offset: Int, word: String) throws {
    let example = try Example()
    try example.cache.store(example.weights, example.key)
    let file = try example.file()
    var bytes = try Data(contentsOf: file)
    let index = offset < 0 ? max(bytes.count + offset, bytes.count / 2) : offset
    bytes[index] ^= 0x80
    try bytes.write(to: file)
    #expect(try example.removal().contains(word))
    #expect(try example.files.isEmpty)
    try example.cache.store(example.weights, example.key)
    #expect(try content(example.found()) == content(example.weights))
  }

  @Test func everyPieceAndTheLastBytesAreChecked() throws {
    let example = try Example()
    try example.cache.store(example.weights, example.key)
    let whole = try Data(contentsOf: example.file())
    let begin = whole.count - example.key.byteCount
    #expect(example.key.byteCount > 1 << 20, "the example has several pieces")
    for index in [begin, begin + (1 << 20) - 1, begin + (1 << 20), whole.count - 1] {
      try example.cache.store(example.weights, example.key)
      var bytes = whole
      bytes[index] ^= 1
      try bytes.write(to: example.file())
      #expect(try example.removal().contains("content"), "byte \(index)")
    }
    // Two changes that sums without mixing would miss: the same high bit of two words of one lane.
    try example.cache.store(example.weights, example.key)
    var bytes = whole
    bytes[begin + 7] ^= 0x80
    bytes[begin + 64 + 7] ^= 0x80
    try bytes.write(to: example.file())
    #expect(try example.removal().contains("content"))
  }

  @Test func noRandomDamageIsTakenForWeights() throws {
    let example = try Example()
    try example.cache.store(example.weights, example.key)
    let file = try example.file()
    let whole = [UInt8](try Data(contentsOf: file))
    let header = whole.count - example.key.byteCount
    var generator = SplitMix64(seed: 5)
    for round in 0..<60 {
      // Every other time only the header, which is the smaller part.
      let bytes =
        round % 2 == 0
        ? Mutation.mutate(whole, using: &generator)
        : Mutation.mutate(Array(whole.prefix(header)), using: &generator) + whole.suffix(example.key.byteCount)
      guard bytes != whole else { continue }
      try Data(bytes).write(to: file)
      _ = try example.removal()
    }
  }

  @Test func aFileOfAnotherLengthIsRemoved() throws {
    let example = try Example()
    for change in [-1, -5000, 1, Int.min] {
      try example.cache.store(example.weights, example.key)
      var bytes = try Data(contentsOf: example.file())
      bytes = change > 0 ? bytes + Data(count: change) : change == Int.min ? Data() : bytes.dropLast(-change)
      try bytes.write(to: example.file())
      #expect(try example.removal().contains("bytes instead of"))
    }
  }

  @Test func weightsOfAnotherKeyUnderThisNameAreRemoved() throws {
    let example = try Example()
    let other = try #require(try WeightsKey(checkpoint: Digest(of: "other".utf8), engine: example.engine))
    try example.cache.store(example.weights, other)
    let wrong = try example.file()
    try FileManager.default.moveItem(
      at: wrong, to: wrong.deletingLastPathComponent().appending(path: example.key.digest.hexadecimal + ".weights"))
    #expect(try example.removal().contains("other weights"))
  }

  @Test func aLinkAndAFolderInPlaceOfAFileAreNotFollowed() throws {
    let example = try Example()
    try example.cache.store(example.weights, example.key)
    let file = try example.file()
    let target = file.deletingLastPathComponent().appending(path: "target")
    try FileManager.default.moveItem(at: file, to: target)
    try FileManager.default.createSymbolicLink(at: file, withDestinationURL: target)
    #expect(try example.removal().contains("link"))
    #expect(FileManager.default.fileExists(atPath: target.path))
  }

  @Test func aMappedFileStaysWhenItIsRemovedOrReplaced() throws {
    let example = try Example()
    try example.cache.store(example.weights, example.key)
    let found = try example.found()
    try FileManager.default.removeItem(at: example.file())
    #expect(content(found) == content(example.weights))
  }

  @Test func theFilesThatWereUsedLongestAgoGoFirst() throws {
    let example = try Example(files: 3)
    let keys = try (0..<4).map {
      try #require(try WeightsKey(checkpoint: Digest(of: "\($0)".utf8), engine: example.engine))
    }
    func isThere(_ key: WeightsKey) throws -> Bool {
      if case .found = try example.cache.find(key, for: example.engine, pool: example.pool) { return true }
      return false
    }
    for key in keys.prefix(3) { try example.cache.store(example.weights, key) }
    for (age, key) in zip([300, 200, 100], keys) { try example.setAge(Double(age), of: key) }
    #expect(try isThere(keys[0]))  // used just now, so the second is the oldest
    try example.cache.store(example.weights, keys[3])
    #expect(try keys.map(isThere) == [true, false, true, true])
    // Storing what is there takes no room.
    try example.cache.store(example.weights, keys[3])
    #expect(try keys.map(isThere) == [true, false, true, true])
  }

  @Test func whatIsLargerThanTheLimitIsNotKeptAndRemovesNothing() throws {
    let example = try Example()
    try example.cache.store(example.weights, example.key)
    let small = WeightsCache(folder: example.cache.folder, limit: example.key.byteCount)
    let other = try #require(try WeightsKey(checkpoint: Digest(of: "other".utf8), engine: example.engine))
    #expect(throws: WeightsCacheError.self) { try small.store(example.weights, other) }
    #expect(try example.files.count == 1)
  }

  @Test func whatDeadProcessesLeftIsRemovedOnceItIsOld() throws {
    let example = try Example()
    try example.cache.store(example.weights, example.key)
    for (name, age) in [(".writing-old", 7200.0), (".writing-new", 60.0)] {
      let file = URL(filePath: example.cache.folder).appending(path: name)
      try Data([1]).write(to: file)
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSinceNow: -age)], ofItemAtPath: file.path)
    }
    try example.cache.store(example.weights, example.key)
    #expect(try example.files.filter { $0.hasPrefix(".") } == [".writing-new"])
  }

  @Test func aFolderThatCannotBeMadeIsAnErrorThatNamesIt() throws {
    let example = try Example()
    let file = FileManager.default.temporaryDirectory.appending(path: "plain-\(UUID().uuidString)")
    try Data([1]).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let cache = WeightsCache(folder: file.path + "/below", limit: 1 << 30)
    guard case .missing = try cache.find(example.key, for: example.engine, pool: example.pool) else {
      Issue.record("weights below a plain file")
      return
    }
    let error = #expect(throws: WeightsCacheError.self) { try cache.store(example.weights, example.key) }
    #expect(error?.description.contains(file.path) == true)
  }

  @Test func twoWritersAndReadersAtOnceSeeWholeFilesOnly() async throws {
    let example = try Example()
    let expected = content(example.weights)
    try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<2 {
        group.addTask {
          for _ in 0..<8 { try example.cache.store(example.weights, example.key) }
          return 0
        }
        group.addTask {
          let pool = ComputePool(threads: 1)
          var seen = 0
          for _ in 0..<40 {
            switch try example.cache.find(example.key, for: example.engine, pool: pool) {
            case .found(let weights):
              #expect(content(weights) == expected)
              seen += 1
            case .missing: await Task.yield()
            case .removed(let reason): Issue.record("\(reason)")
            }
          }
          return seen
        }
      }
      var seen = 0
      for try await count in group { seen += count }
      #expect(seen > 0)
    }
    #expect(try example.files.count == 1)
  }
}

private func content(_ weights: PreparedWeights) -> [UInt8] { Array(weights.memory.bytes.prefix(weights.byteCount)) }

/// A small network with random weights, and a cache in a folder of its own.
private final class Example: Sendable {
  static let network = NetworkDescription(
    patch: [8, 12, 8], inputChannels: 2, outputChannels: 3, features: [5, 24, 40],
    kernels: [[3, 3, 3], [3, 3, 3], [3, 3, 3]], strides: [[2, 2, 2], [2, 2, 2]])

  let engine: NetworkEngine
  let parameters = SequenceWeights()
  let weights: PreparedWeights
  let key: WeightsKey
  let cache: WeightsCache
  let pool = ComputePool(threads: 2)
  private let folder: URL

  /// - Parameter files: that the cache has room for.
  init(files: Int = 4) throws {
    engine = try NetworkEngine(.winograd, description: Self.network)
    weights = try engine.prepare(parameters, pool: pool)
    key = try #require(try WeightsKey(checkpoint: Digest(of: "checkpoint".utf8), engine: engine))
    folder = FileManager.default.temporaryDirectory.appending(path: "weights-\(UUID().uuidString)")
    cache = WeightsCache(folder: folder.path + "/a/b", limit: files * (key.byteCount + 4096))
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  var files: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: cache.folder).sorted() } }

  func file() throws -> URL {
    URL(filePath: cache.folder).appending(path: try #require(try files.first { $0.hasSuffix(".weights") }))
  }

  func find() throws -> WeightsCache.Finding { try cache.find(key, for: engine, pool: pool) }

  func found() throws -> PreparedWeights {
    guard case .found(let weights) = try find() else { throw NotAsExpected() }
    return weights
  }

  func removal() throws -> String {
    guard case .removed(let reason) = try find() else { throw NotAsExpected() }
    return reason
  }

  func setAge(_ seconds: Double, of key: WeightsKey) throws {
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: -seconds)],
      ofItemAtPath: "\(cache.folder)/\(key.digest.hexadecimal).weights")
  }

  func logits(_ weights: PreparedWeights) throws -> [Float] {
    let executor = try engine.makeExecutor(
      weights, pool: pool, workspace: try engine.makeWorkspace(threads: pool.threads))
    let voxels = Self.network.patch.reduce(1, *)
    let patch = (0..<Self.network.inputChannels * voxels).map { Float($0 % 13) - 6 }
    var logits = [Float](repeating: .nan, count: Self.network.outputChannels * voxels)
    try patch.withUnsafeBufferPointer { patch in
      try logits.withUnsafeMutableBufferPointer { try executor.forward(patch, into: $0) }
    }
    return logits
  }
}

private struct NotAsExpected: Error {}

/// Any parameter, of numbers that depend on its name and their place.
private struct SequenceWeights: NetworkWeights {
  func withParameter<Result>(_ name: String, _ body: (UnsafeBufferPointer<Float>) throws -> Result) throws -> Result {
    let parameter = try #require(Example.network.parameters.first { $0.name == name })
    let seed = name.utf8.reduce(UInt32(7)) { $0 &* 31 &+ UInt32($1) }
    let values = (0..<parameter.count).map { Float((UInt32($0) &* 2_654_435_761 &+ seed) >> 20) / 4096 - 0.5 }
    return try values.withUnsafeBufferPointer(body)
  }
}

import Digests
import FleetContracts
import FleetInMemory
import Foundation
import Inference
import Kernels
import ModelStore
import Testing
import Testkit
import Threads
import UNet
import WeightsCache

@testable import Fleet

/// One copy of a fold's weights for a process, and the machine's cache behind it.
@Suite struct WeightsShelfTests {
  private let folder: TemporaryFolder
  private let cache: WeightsCache
  private let log = RecordedLog()
  private let pool = ComputePool(threads: 2)
  private let thread: BlockingThread
  private let request: WeightsShelf.Request

  init() throws {
    folder = try TemporaryFolder()
    cache = WeightsCache(folder: folder.url.path + "/weights", limit: 1 << 30)
    thread = try BlockingThread(name: "test")
    let model = try TrainedModel.open(folder: Self.folder)
    request = WeightsShelf.Request(
      model: model, digest: Digest(of: [1]), fold: model.folds[0], checkpoint: Digest(of: [2]),
      engine: try NetworkEngine(.winograd, description: model.network))
  }

  private static let folder = Fixtures.directory.appending(path: "Task501/model")

  private func weights(_ shelf: WeightsShelf) async throws -> PreparedWeights {
    try await shelf.weights(request, pool: pool, thread: thread)
  }

  private var files: [String] { (try? FileManager.default.contentsOfDirectory(atPath: cache.folder)) ?? [] }

  @Test func slotsShareOneCopyAsLongAsOneOfThemHasIt() async throws {
    let shelf = WeightsShelf(logger: log.logger)
    // Two slots that ask at the same time, and a later one.
    let other = try BlockingThread(name: "other")
    async let second = shelf.weights(request, pool: ComputePool(threads: 1), thread: other)
    let first = try await weights(shelf)
    #expect(try await second === first)
    #expect(try await weights(shelf) === first)
    #expect(log.count("weights ready") == 1)
    var blas = request
    blas.engine = try NetworkEngine(.blas, description: request.model.network)
    #expect(try await shelf.weights(blas, pool: pool, thread: thread) !== first)
  }

  @Test func whatNoSlotHasIsFreed() async throws {
    let shelf = WeightsShelf(cache: cache)
    weak var held: PreparedWeights?
    for _ in 0..<2 {
      held = try await weights(shelf)
      await shelf.settle()
      // Threads drop their last references a moment later.
      for _ in 0..<500 where held != nil { try await Task.sleep(for: .milliseconds(10)) }
      #expect(held == nil)
    }
  }

  @Test func theNextProcessMapsWhatThisOneKept() async throws {
    let shelf = WeightsShelf(cache: cache, logger: log.logger)
    let made = try await weights(shelf)
    await shelf.settle()
    #expect(files.count == 1)
    #expect(log.value("from", of: "weights ready") == "checkpoint")
    let next = WeightsShelf(cache: cache, logger: log.logger)
    let found = try await weights(next)
    #expect(log.value("from", of: "weights ready") == "cache")
    #expect(found.memory.bytes.prefix(found.byteCount).elementsEqual(made.memory.bytes.prefix(made.byteCount)))
    await next.settle()
    #expect(log.warnings.isEmpty)
  }

  @Test func aDamagedFileIsMadeAnewWithOneWarning() async throws {
    let shelf = WeightsShelf(cache: cache)
    let made = try await weights(shelf)
    await shelf.settle()
    let file = URL(filePath: cache.folder).appending(path: try #require(files.first))
    var bytes = try Data(contentsOf: file)
    let whole = bytes
    bytes[bytes.count / 2] ^= 4
    try bytes.write(to: file)
    let next = WeightsShelf(cache: cache, logger: log.logger)
    let again = try await weights(next)
    #expect(again.memory.bytes.prefix(made.byteCount).elementsEqual(made.memory.bytes.prefix(made.byteCount)))
    await next.settle()
    #expect(log.warnings.count == 1 && log.warnings[0].contains("damaged content"))
    #expect(try Data(contentsOf: file) == whole)
  }

  @Test func aFolderThatCanNotBeWrittenCostsOneWarning() async throws {
    let file = folder.url.appending(path: "file")
    try Data().write(to: file)
    let shelf = WeightsShelf(cache: WeightsCache(folder: file.path + "/weights", limit: 1 << 30), logger: log.logger)
    for fold in 0..<3 {
      var request = request
      request.checkpoint = Digest(of: [9, UInt8(fold)])
      #expect(try await shelf.weights(request, pool: pool, thread: thread).byteCount > 0)
    }
    await shelf.settle()
    #expect(log.warnings.count == 1 && log.warnings[0].contains(file.path))
  }

  @Test func anEngineThatOnlyCopiesWeightsKeepsNone() async throws {
    let shelf = WeightsShelf(cache: cache)
    var request = request
    request.engine = try NetworkEngine(.blas, description: request.model.network)
    _ = try await shelf.weights(request, pool: pool, thread: thread)
    await shelf.settle()
    #expect(files.isEmpty)
  }

  @Test func aTileHasTheSameBitsWithAndWithoutTheCache() async throws {
    let store = InMemoryBlobStore()
    let models = ModelLibrary()
    let image = try await store.put(
      Blob(copying: try Data(contentsOf: Fixtures.directory.appending(path: "Task501/images/colin_small_0000.nii.gz"))))
    let (record, _) = try await models.adopt(
      folder: Self.folder, selection: .automatic, checkpoint: "model_final_checkpoint")
    let run = RunRecord(
      id: RunID(), model: record, passes: [PassRecord(request: PassRequest(model: record.digest, folds: []))],
      images: [image], options: RunOptions(mirroring: false), key: nil, state: .preparing, submittedAt: Date())
    let plan = try await CasePreparer(store: store, models: models, threads: 2).prepare(run)
    let job = TileJob(run: run.id, pass: plan.id, epoch: 1, tile: 0, attempt: 1, document: plan.document)
    var tiles: [Digest] = []
    for cache in [nil, cache, cache] {
      let shelf = WeightsShelf(cache: cache, logger: log.logger)
      let slot = try SlotPredictor(
        store: store, models: models, weights: shelf, threads: 2,
        memory: MemoryBudget(engine: EngineRequest(.winograd)))
      tiles.append(try await slot.predict(job).probabilities)
      await shelf.settle()
    }
    #expect(Set(tiles).count == 1)
    #expect(log.value("from", of: "weights ready") == "cache" && log.count("weights ready") == 3)
  }
}

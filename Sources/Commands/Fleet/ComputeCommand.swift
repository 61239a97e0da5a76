internal import ArgumentParser
internal import BlobStores
internal import Fleet
internal import Foundation
internal import Processes

/// `tessera compute-slot`, which `tessera worker` starts for each of its slots.
struct ComputeCommand: AsyncParsableCommand {
  static let name = "compute-slot"
  static let configuration = CommandConfiguration(
    commandName: name, abstract: "Computes tiles for the worker that started it.", shouldDisplay: false)

  func run() async throws {
    try await Failures.reported {
      var requests = try ParentTies.requests(name: "tessera-slot").makeAsyncIterator()
      guard let first = await requests.next() else { return }
      let settings = try ComputeSettings(line: first)
      let logger = settings.logger
      try FaultSettings.arm(logger: logger)
      FaultPoint.alsoStrikesParent()
      let store = try BlobStoreURL.open(settings.storeURL)
      let weights = WeightsShelf(cache: settings.weights.cache, logger: logger)
      let predictor = try SlotPredictor(
        store: store, models: ModelLibrary(store: store, cacheFolder: URL(filePath: settings.cacheFolder)),
        weights: weights, threads: settings.threads,
        memory: MemoryBudget(limit: settings.memoryLimit, engine: try settings.request()),
        warmth: .worker(limit: settings.memoryLimit)
      ) { logger.info("engine chosen", metadata: EngineLogging.facts($0)) }
      try await ComputeServer(predictor: predictor) { await weights.settle() }.run(
        Requests(iterator: requests), on: .toParent)
    }
  }

  /// What is left of the requests.
  private struct Requests: AsyncSequence {
    let iterator: AsyncStream<[UInt8]>.Iterator
    func makeAsyncIterator() -> AsyncStream<[UInt8]>.Iterator { iterator }
  }
}

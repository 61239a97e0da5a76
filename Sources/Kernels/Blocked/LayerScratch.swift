/// Memory that a layer computes in and leaves without meaning, in floats.
public struct ScratchNeed: Hashable, Sendable {
  /// Used by all threads.
  public var shared = 0
  /// Used by each thread.
  public var perWorker = 0

  public init(shared: Int = 0, perWorker: Int = 0) {
    // Whole pages: neighbours in memory don't share one.
    func wholePages(_ floats: Int) -> Int { (floats + 1023) / 1024 * 1024 }
    self.shared = wholePages(shared)
    self.perWorker = wholePages(perWorker)
  }

  public func floats(threads: Int) -> Int { shared + perWorker * threads }
}

/// The memory that a `ScratchNeed` asks for. The owner keeps it alive and lets one layer run at a time.
public struct LayerScratch {
  let shared: UnsafeMutablePointer<Float>
  private let workers: [UnsafeMutablePointer<Float>]

  /// Memory in one piece.
  /// - Parameter base: `need.floats(threads:)`, aligned to 64 bytes.
  public init(base: UnsafeMutablePointer<Float>, need: ScratchNeed, threads: Int) {
    self.init(shared: base, workers: (0..<threads).map { base + need.shared + $0 * need.perWorker })
  }

  /// - Parameters:
  ///   - shared: `need.shared` floats, aligned to 64 bytes.
  ///   - workers: `need.perWorker` floats for each thread, likewise.
  public init(shared: UnsafeMutablePointer<Float>, workers: [UnsafeMutablePointer<Float>]) {
    self.shared = shared
    self.workers = workers
  }

  @inline(__always)
  func floats(worker: Int) -> UnsafeMutablePointer<Float> { workers[worker] }
}

internal import Kernels
public import ModelPlans

/// The memory in which a worker slot computes: activations and its threads' scratch. Made once, used by the executors of all
/// folds and for all mirrorings, one at a time.
public final class Workspace {
  let memory: AlignedMemory
  /// What `init` takes from the system.
  public var bytes: Int { memory.byteCount }

  /// For the `blas` executor; `NetworkEngine` makes one for any.
  /// - Throws: `NetworkExecutionError` when the description can't be run, or when there is no memory.
  public convenience init(description: NetworkDescription, threads: Int) throws {
    try self.init(bytes: Self.predictedBytes(description: description, threads: threads))
  }

  init(bytes: Int) throws {
    memory = try AlignedMemory(bytes: bytes, for: "activations")
  }

  /// - Throws: `NetworkExecutionError.wrongSize` when it is smaller than `needed` bytes.
  func check(holds needed: Int, threads: Int) throws {
    guard bytes >= needed else {
      throw NetworkExecutionError.wrongSize(
        what: "the workspace of \(threads) threads", expected: needed / 4, found: bytes / 4)
    }
  }

  /// What a workspace will take, before it is made.
  public static func predictedBytes(description: NetworkDescription, threads: Int) throws -> Int {
    try WorkspaceLayout(NetworkProgram(description), threads: threads).bytes
  }
}

/// What lies where in a workspace, in bytes from its start: activations, scratch of each worker, statistics, scales.
struct WorkspaceLayout {
  let threads: Int
  let scratchPerWorker: Int
  let scratch: Int
  let statistics: Int
  let scales: Int
  let bytes: Int

  init(_ program: NetworkProgram, threads: Int) {
    self.threads = threads
    var scratchBytes = 0
    var doubles = 0
    var channels = 0
    for step in program.steps {
      switch step.operation {
      case .block(let block, _, _):
        scratchBytes = max(scratchBytes, block.scratchBytes)
        doubles = max(doubles, block.statisticsDoubles)
        channels = max(channels, block.outputChannels)
      case .upsampling(let upsampling, _): scratchBytes = max(scratchBytes, upsampling.scratchBytes)
      case .head(let head): scratchBytes = max(scratchBytes, head.scratchBytes)
      }
    }
    // Workers' scratch starts on pages of its own, so that no two threads write to one cache line or page.
    func wholePages(_ bytes: Int) -> Int { (bytes + 4095) / 4096 * 4096 }
    scratchPerWorker = wholePages(scratchBytes)
    scratch = wholePages(program.arena.floats * 4)
    statistics = scratch + scratchPerWorker * threads
    scales = statistics + wholePages(doubles * 8)
    bytes = scales + wholePages(channels * 8)
  }
}

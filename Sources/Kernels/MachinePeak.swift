internal import CKernels

/// What this machine does at best, measured: the yardstick for kernels.
public struct MachinePeak: Hashable, Sendable, Codable {
  /// `sse2`, `neon`, `avx2`, `avx512`.
  public var instructionSet: String
  /// That measured at the same time.
  public var threads: Int
  /// 1e9 floating-point operations per second of all threads together: multiply-adds in registers, two operations each.
  public var gflops: Double
  /// 1e9 bytes that all threads together read per second from memory, past the last-level cache.
  public var gigabytesPerSecond: Double
  /// Of the cache that all cores share, in bytes.
  public var lastLevelCacheBytes: Int

  /// The best of several short loops, about a fifth of a second altogether, with up to 512 MiB of memory.
  /// - Parameters:
  ///   - instructionSet: which kernels; `nil` is returned when this processor doesn't have it.
  ///   - pool: all of its threads work.
  public static func measure(_ instructionSet: InstructionSet, pool: ComputePool) -> MachinePeak? {
    guard let kernels = tessera_peak_kernels_of(Int32(instructionSet.rawValue))?.pointee else { return nil }
    return MachinePeak(
      instructionSet: instructionSet.description, threads: pool.threads,
      gflops: operationsPerSecond(kernels, pool) / 1e9, gigabytesPerSecond: bytesPerSecond(kernels, pool) / 1e9,
      lastLevelCacheBytes: LastLevelCache.bytes)
  }

  /// Loops of which the fastest counts: others may have been disturbed.
  private static let loops = 15
  /// Items of a loop for each thread, so that a thread that starts late does less.
  private static let itemsOfAThread = 8
  private static let lanes = BlockedTensor.lanes

  private static func operationsPerSecond(_ kernels: tessera_peak_kernels, _ pool: ComputePool) -> Double {
    let rounds = (1 << 19) / kernels.chains
    let items = itemsOfAThread * pool.threads
    let floats = kernels.chains * lanes
    return withAligned(floats: items * floats) { values in
      // x = x / 2 + 1/2 stays near 1, far from what would be slow.
      let seconds = fastest(pool, items) { kernels.multiply_add(values + $0 * floats, rounds, 0.5, 0.5) }
      return Double(2 * floats * rounds * items) / seconds
    }
  }

  private static func bytesPerSecond(_ kernels: tessera_peak_kernels, _ pool: ComputePool) -> Double {
    let bytes = min(max(3 * LastLevelCache.bytes, 64 << 20), 512 << 20)
    let items = itemsOfAThread * pool.threads
    let vectors = bytes / (4 * lanes) / items / 8 * 8
    return withAligned(floats: items * vectors * lanes) { memory in
      // The function is behind a pointer, so its reading can't be left out though nobody wants the sum.
      let seconds = fastest(pool, items) { _ = kernels.read(memory + $0 * vectors * lanes, vectors) }
      return Double(4 * items * vectors * lanes) / seconds
    }
  }

  private static func fastest(_ pool: ComputePool, _ items: Int, _ body: (_ item: Int) -> Void) -> Double {
    let clock = ContinuousClock()
    let times = (0..<loops).map { _ in clock.measure { pool.forEach(items) { item, _ in body(item) } } / .seconds(1) }
    return times.min() ?? .infinity
  }

  /// Memory on 64 bytes, filled with ones.
  private static func withAligned<Result>(
    floats: Int, _ body: (UnsafeMutablePointer<Float>) -> Result
  ) -> Result {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: 4 * floats, alignment: 64)
    defer { memory.deallocate() }
    let values = memory.bindMemory(to: Float.self, capacity: floats)
    values.initialize(repeating: 1, count: floats)
    return body(values)
  }
}

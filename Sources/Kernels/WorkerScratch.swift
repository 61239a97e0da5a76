/// Memory that each worker of a pool has for itself during a loop. The owner keeps it alive and allows one loop at a time.
public struct WorkerScratch {
  /// Multiple of 64 bytes.
  public let bytesPerWorker: Int
  private let base: UnsafeMutableRawPointer

  /// - Parameter base: `bytesPerWorker` times the pool's threads, aligned to 64 bytes.
  public init(base: UnsafeMutableRawPointer, bytesPerWorker: Int) {
    self.base = base
    self.bytesPerWorker = bytesPerWorker
  }

  @inline(__always)
  func floats(worker: Int) -> UnsafeMutablePointer<Float> {
    (base + worker * bytesPerWorker).assumingMemoryBound(to: Float.self)
  }
}

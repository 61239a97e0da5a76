import Kernels
import Testkit

/// Random values in -1 ..< 1, shifted by `offset`.
func randomFloats(_ count: Int, seed: UInt64, offset: Float = 0) -> [Float] {
  var generator = SplitMix64(seed: seed)
  return (0..<count).map { _ in Float.random(in: -1..<1, using: &generator) + offset }
}

/// Memory for one operation on a pool: what the engine's workspace gives to a whole network.
final class Bench {
  let pool: ComputePool
  let scratch: WorkerScratch
  private let base: UnsafeMutableRawPointer

  init(threads: Int, scratchBytes: Int) {
    pool = ComputePool(threads: threads)
    base = .allocate(byteCount: threads * scratchBytes, alignment: 64)
    // Scratch has no meaning before its use: not-a-number shows who reads it all the same.
    base.initializeMemory(as: Float.self, repeating: .nan, count: threads * scratchBytes / 4)
    scratch = WorkerScratch(base: base, bytesPerWorker: scratchBytes)
  }

  deinit { base.deallocate() }
}

/// The largest absolute difference.
func largestDifference(_ a: [Float], _ b: [Double]) -> Double {
  precondition(a.count == b.count)
  return zip(a, b).reduce(0) { $1.0.isNaN ? .infinity : max($0, abs(Double($1.0) - $1.1)) }
}

func bits(_ values: [Float]) -> [UInt32] { values.map(\.bitPattern) }

internal import Glibc

/// Seconds of processors that this process has spent since the value was made, all its threads together. A worker computes each tile in a
/// process of its own; where slots or roles share one, each counts what the others did meanwhile too.
struct ProcessorTime {
  private let start = Self.now

  var seconds: Double { max(0, Self.now - start) }

  private static var now: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}

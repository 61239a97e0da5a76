internal import Foundation

/// Wall and processor time of a stretch of work: on a machine that others use too, the latter is the steadier.
public struct BenchClock {
  public private(set) var seconds = 0.0
  /// Of all threads of the process.
  public private(set) var cpuSeconds = 0.0

  public init() {}

  public mutating func measure<Result>(_ work: () throws -> Result) rethrows -> Result {
    let (wall, cpu) = (ContinuousClock.now, Self.cpu)
    defer {
      seconds += (ContinuousClock.now - wall) / .seconds(1)
      cpuSeconds += Self.cpu - cpu
    }
    return try work()
  }

  private static var cpu: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}

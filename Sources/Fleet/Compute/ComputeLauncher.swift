public import Processes

/// How a worker starts a process that computes for it.
public struct ComputeLauncher: Sendable {
  /// Starts the process; it is expected to say that it is ready.
  public var start: @Sendable () async throws -> ChildProcess
  /// How many processes the kernel has killed for want of memory, in this process's control group or on this machine; `nil` where it
  /// doesn't tell.
  public var memoryKills: @Sendable () -> Int?

  public init(
    start: @escaping @Sendable () async throws -> ChildProcess, memoryKills: @escaping @Sendable () -> Int?
  ) {
    self.start = start
    self.memoryKills = memoryKills
  }
}

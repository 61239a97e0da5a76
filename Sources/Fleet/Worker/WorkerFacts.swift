/// What a worker says of itself that doesn't change while it runs, and how it learns what does.
public struct WorkerFacts: Sendable {
  public var host: String
  public var softwareVersion: String
  /// Bytes that the worker may use; `nil` for no limit.
  public var memoryLimit: Int?
  /// Bytes that it uses now; `nil` where the system doesn't tell.
  public var memory: @Sendable () -> Int?
  /// How often an unchanged worker says that it is there.
  public var interval: Duration

  public init(
    host: String, softwareVersion: String, memoryLimit: Int?, memory: @escaping @Sendable () -> Int?,
    interval: Duration
  ) {
    self.host = host
    self.softwareVersion = softwareVersion
    self.memoryLimit = memoryLimit
    self.memory = memory
    self.interval = interval
  }
}

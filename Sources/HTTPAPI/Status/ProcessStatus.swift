public import Exposition
public import FleetMetrics

/// What a process tells those who watch it.
public struct ProcessStatus: Sendable {
  /// What must be well for the process to do its work (`/readyz`).
  public var readiness: HealthMonitor
  /// What is stuck inside of the process, so that only a restart helps (`/livez`). Answers at once.
  public var liveness: @Sendable () -> [(name: String, finding: HealthFinding)]
  /// Whether the process is being stopped and finishes its work: not ready any more, but alive.
  public var isDraining: @Sendable () -> Bool
  /// What was counted.
  public var metrics: MetricsRegistry
  /// What is read when somebody asks.
  public var samples: @Sendable () async -> [MetricSample]
  /// How much work waits, for a time in seconds in which it shall be done (`nil`: the operator's choice); `nil` while nobody knows. Only
  /// processes that have the ledger can tell.
  public var scale: (@Sendable (_ drain: Double?) async -> ScaleReport?)?

  public init(
    readiness: HealthMonitor, liveness: @escaping @Sendable () -> [(name: String, finding: HealthFinding)],
    isDraining: @escaping @Sendable () -> Bool, metrics: MetricsRegistry,
    samples: @escaping @Sendable () async -> [MetricSample],
    scale: (@Sendable (_ drain: Double?) async -> ScaleReport?)? = nil
  ) {
    self.readiness = readiness
    self.liveness = liveness
    self.isDraining = isDraining
    self.metrics = metrics
    self.samples = samples
    self.scale = scale
  }
}

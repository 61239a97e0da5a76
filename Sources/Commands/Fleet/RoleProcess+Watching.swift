internal import Exposition
internal import Fleet
internal import FleetContracts
internal import FleetMetrics
internal import HTTPAPI
internal import Machine
internal import Metrics
internal import PostgresLedger
internal import ServiceLifecycle
internal import UNet

/// How a process of the fleet shows itself: health and metrics by HTTP, where `http.listen` says so.
struct ProcessWatch {
  let address: ListenAddress
  let vitals: Vitals
  let registry: MetricsRegistry
  /// What `tessera_build_info` tells.
  let role: String

  /// Begins to count; call once in a process, before anything is counted.
  init(address: ListenAddress, vitals: Vitals, role: String) {
    self.address = address
    self.vitals = vitals
    self.role = role
    registry = MetricsRegistry(FleetMetrics.all)
    MetricsSystem.bootstrap(registry)
    FleetMetrics.buildInfo.set(1, SoftwareVersion.current, role)
  }

  func status(_ checks: [HealthCheck], gauges: FleetGauges?, drain: Int) -> ProcessStatus {
    let monitor = HealthMonitor(checks)
    var scale: (@Sendable (Double?) async -> ScaleReport?)?
    if let gauges { scale = { await gauges.scale(drain: $0 ?? Double(drain)) } }
    return ProcessStatus(
      readiness: monitor,
      liveness: { [vitals] in
        vitals.loops(servedFor: monitor.goodFor).map { loop in
          let text = "last sign of life \(Int(loop.silence / .seconds(1))) s ago"
          return (loop.name, loop.isStuck ? .bad(text) : .good(text))
        }
      },
      isDraining: { [vitals] in vitals.isDraining }, metrics: registry,
      samples: { Self.processSamples() + (await gauges?.samples() ?? []) },
      scale: scale)
  }

  private static func processSamples() -> [MetricSample] {
    guard let usage = ProcessUsage() else { return [] }
    return [
      MetricSample(FleetMetrics.processCPUSeconds, value: usage.cpuSeconds),
      MetricSample(FleetMetrics.processResidentBytes, value: Double(usage.residentBytes)),
      MetricSample(FleetMetrics.processOpenDescriptors, value: Double(usage.openDescriptors)),
      MetricSample(FleetMetrics.processStartSeconds, value: usage.startSeconds),
    ]
  }
}

extension RoleProcess {
  /// What must be well for this process's roles.
  func healthChecks(
    store: (any BlobStore)?, ledger: PostgresLedger?, broker: BrokerWatch?, name: String
  ) -> [HealthCheck] {
    var checks: [HealthCheck] = []
    if let broker { checks.append(HealthCheck("broker", every: .seconds(1)) { broker.finding }) }
    if let store { checks.append(HealthChecks.store(store, for: name)) }
    if let ledger {
      checks.append(HealthChecks.ledger(ledger))
      checks.append(HealthChecks.attention(ledger))
    }
    if roles.contains(.worker) {
      checks.append(
        HealthCheck("engine", every: .seconds(3600)) {
          await HealthChecks.finding("computes a small network right") {
            let wrong = try await Task.detached { try EngineCheck.all().filter { !$0.isGood } }.value
            guard wrong.isEmpty else {
              throw SettingsError(
                "computes wrong values: \(wrong.map(\.engine).joined(separator: ", ")); see `tessera doctor`")
            }
          }
        })
    }
    return checks
  }
}

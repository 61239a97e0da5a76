internal import FleetContracts
internal import FleetMetrics
internal import Foundation
internal import HTTPAPI

/// The fleet's state as metrics, read from the ledger when somebody asks, and kept for a while: any number of scrapes cost the database little.
struct FleetGauges: Sendable {
  private let overview: KeptAnswer<FleetOverview>
  private let violations: KeptAnswer<[String: Int]>
  private let work: KeptAnswer<[OutstandingWork]>
  private let workers: KeptAnswer<[WorkerRecord]>
  private let speeds: KeptAnswer<FleetSpeeds>
  private let trainings: KeptAnswer<TrainingOverview>
  private let queue: any JobQueue

  init(_ ledger: any FleetObserving & WorkForecasting & WorkerRoster & TrainingObserving, queue: any JobQueue) {
    self.queue = queue
    trainings = KeptAnswer(for: .seconds(5)) { try await ledger.trainingOverview() }
    workers = KeptAnswer(for: .seconds(5)) { try await ledger.workers() }
    speeds = KeptAnswer(for: .seconds(60)) { try await ledger.speeds() }
    work = KeptAnswer(for: .seconds(5)) { try await ledger.outstandingWork() }
    overview = KeptAnswer(for: .seconds(5)) { try await ledger.overview() }
    violations = KeptAnswer(for: .seconds(60)) { try await ledger.violations() }
  }

  func samples() async -> [MetricSample] {
    var samples: [MetricSample] = []
    if let overview = await overview.value() { samples += Self.samples(overview) }
    if let violations = await violations.value() { samples += Self.samples(violations) }
    if let workers = await workers.value() { samples += Self.samples(workers) }
    if let speeds = await speeds.value() { samples += Self.samples(speeds) }
    if let trainings = await trainings.value() { samples += Self.samples(trainings) }
    for work in await work.value() ?? [] {
      samples.append(
        MetricSample(FleetMetrics.outstandingWork, work.runClass.rawValue, work.model, value: work.seconds))
    }
    return samples
  }

  /// What `/v1/scale` answers.
  func scale(drain: Double) async -> ScaleReport? {
    guard let work = await work.value(), let trainings = await trainings.value() else { return nil }
    // Each slot is one consumer.
    return ScaleReport(
      work: work, liveSlots: await queue.status(of: .tiles)?.consumers, drain: drain, trainings: trainings)
  }

  static func samples(_ overview: FleetOverview) -> [MetricSample] {
    var samples = overview.runs.map { run in
      MetricSample(
        run.state.isFinal ? FleetMetrics.runs : FleetMetrics.openRuns, run.state.rawValue, run.runClass.rawValue,
        value: Double(run.count))
    }
    for runClass in RunClass.allCases {
      let tiles = overview.outstanding.first { $0.runClass == runClass }
      let count = tiles.map { $0.planned + $0.queued } ?? 0
      samples.append(MetricSample(FleetMetrics.outstandingTiles, runClass.rawValue, value: Double(count)))
      let misses = overview.deadlineMisses.first { $0.runClass == runClass }?.count ?? 0
      samples.append(MetricSample(FleetMetrics.deadlineMisses, runClass.rawValue, value: Double(misses)))
    }
    for reason in FailureKind.allCases.map(\.rawValue) + ["unreadable"] {
      let count = overview.deadLetters.first { $0.reason == reason }?.count ?? 0
      samples.append(MetricSample(FleetMetrics.deadLetters, reason, value: Double(count)))
    }
    samples.append(
      MetricSample(FleetMetrics.openDeadLetters, value: Double(overview.attention.openDeadLetters)))
    samples.append(MetricSample(FleetMetrics.quarantines, value: Double(overview.attention.quarantines)))
    samples.append(MetricSample(FleetMetrics.outboxLag, value: overview.outboxLag))
    samples.append(MetricSample(FleetMetrics.unpublishedEvents, value: Double(overview.events.unpublished)))
    samples.append(MetricSample(FleetMetrics.eventLag, value: overview.events.lag))
    samples.append(MetricSample(FleetMetrics.pendingDeliveries, value: Double(overview.events.pendingDeliveries)))
    return samples
  }

  /// Every state is there, but for `stopped`, whose slots are none. A worker that was lost is told of for an hour.
  static func samples(_ workers: [WorkerRecord]) -> [MetricSample] {
    let newest = workers.map(\.seenAt).max() ?? .distantPast
    let recent = workers.filter { newest.timeIntervalSince($0.seenAt) < WorkersCommand.remembered }
    var slots: [String: Int] = ["lost": 0]
    for state in WorkerStatus.State.allCases where state != .stopped { slots[state.rawValue] = 0 }
    for worker in recent where worker.isLost || worker.status.state != .stopped {
      slots[worker.isLost ? "lost" : worker.status.state.rawValue, default: 0] += worker.status.slots
    }
    return slots.sorted { $0.key < $1.key }.map { state, count in
      MetricSample(FleetMetrics.workerSlots, state, value: Double(count))
    }
  }

  /// None before something was measured.
  static func samples(_ speeds: FleetSpeeds) -> [MetricSample] {
    let measured = speeds.models.values.map(\.secondsPerOperation).filter { $0 > 0 }
    guard !measured.isEmpty else { return [] }
    let mean = measured.reduce(0) { $0 + 1e-9 / $1 } / Double(measured.count)
    return [MetricSample(FleetMetrics.slotGflops, value: mean)]
  }

  /// Every state is there.
  static func samples(_ trainings: TrainingOverview) -> [MetricSample] {
    TrainingJobState.allCases.map { state in
      MetricSample(FleetMetrics.trainingJobs, state.rawValue, value: Double(trainings.count(state)))
    }
  }

  /// Every invariant is there, so that an alert needs no case for a missing series.
  static func samples(_ violations: [String: Int]) -> [MetricSample] {
    let names = Set((1...12).map { "I\($0)" }).union(violations.keys)
    return names.sorted().map { MetricSample(FleetMetrics.ledgerViolations, $0, value: Double(violations[$0] ?? 0)) }
  }
}

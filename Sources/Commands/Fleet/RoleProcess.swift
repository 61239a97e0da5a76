internal import Fleet
internal import FleetContracts
internal import FleetTraining
internal import Foundation
internal import HTTPAPI
internal import Logging
internal import Machine
internal import PostgresLedger
internal import RabbitMQBroker
internal import ServiceLifecycle
internal import UnixSignals
internal import Webhooks

/// A process of the fleet: the roles that it plays, until SIGTERM or SIGINT.
struct RoleProcess {
  enum Role: Hashable {
    case dispatcher, worker, aggregator
    /// Trains folds, and chooses among configurations.
    case trainer
    /// Those that face other systems.
    case events, ingest
    case watch(WatchService.Options)

    var name: String {
      if case .watch = self { return "watch" }
      return "\(self)"
    }

    /// Whether it has voxels in memory.
    var computes: Bool { [.dispatcher, .worker, .aggregator, .trainer].contains(self) }

    /// Whether it puts or gets blobs.
    var needsStore: Bool { self != .events }

    var needsBroker: Bool {
      if case .watch = self { return false }
      return true
    }
  }

  let roles: [Role]
  let settings: FleetSettings
  let logger: Logger

  /// How its worker stops.
  private let drain: WorkerDrain

  private static let handingBack = Duration.seconds(15)

  /// This process in leases, results and logs.
  private let name = "\(ProcessInfo.processInfo.hostName)-\(ProcessInfo.processInfo.processIdentifier)"

  private let vitals = Vitals()

  init(_ roles: [Role], settings: FleetSettings, logger: Logger) {
    self.roles = roles
    self.settings = settings
    self.logger = logger
    drain = WorkerDrain(grace: .seconds(settings.graceSeconds))
  }

  /// - Throws: `SettingsError`, `EngineRequestError` and errors of the adapters when the process can't begin.
  func run() async throws {
    try FaultSettings.arm(logger: logger)
    if roles.contains(.worker) { try settings.engine.check() }
    let adapters = FleetAdapters(settings: settings, logger: logger)
    let store = roles.contains(where: \.needsStore) ? try adapters.store() : nil
    let watch = settings.httpListen.map {
      ProcessWatch(address: $0, vitals: vitals, role: roles.count > 1 ? "up" : roles[0].name)
    }
    let broker = BrokerWatch()
    let queue =
      roles.contains(where: \.needsBroker)
      ? try adapters.queue(connectionName: name, watch: broker, duties: duties) : nil
    let needsLedger = roles.contains { $0 != .worker && $0 != .trainer }
    let ledger = needsLedger ? try await adapters.ledger(patience: .seconds(600)) : nil
    let models = store.map { ModelLibrary(store: $0, cacheFolder: URL(filePath: settings.cacheFolder)) }
    let weights = WeightsShelf(cache: settings.weights.cache, logger: logger)
    // A worker of its own computes in processes of their own; with other roles beside it, in this one.
    let compute =
      roles == [.worker] ? try ComputeProcesses(settings, memoryLimit: memory.slot.limit, logger: logger) : nil

    var services: [ServiceGroupConfiguration.ServiceConfiguration] = []
    for (place, role) in roles.enumerated() {
      let service = try service(
        role, place: place, store: store, queue: queue, ledger: ledger, models: models, weights: weights,
        compute: compute)
      services.append(
        .init(
          service: service, successTerminationBehavior: .gracefullyShutdownGroup,
          failureTerminationBehavior: .gracefullyShutdownGroup))
    }
    if let watch {
      // Stopped last, so that a process that finishes its work can still be seen; the drain watch, first.
      let checks = healthChecks(store: store, ledger: ledger, broker: queue == nil ? nil : broker, name: name)
      let server = StatusServer(
        address: watch.address,
        status: watch.status(
          checks, gauges: ledger.flatMap { ledger in queue.map { FleetGauges(ledger, queue: $0) } },
          drain: settings.scaleDrainSeconds), logger: logger)
      services.insert(.init(service: server, failureTerminationBehavior: .gracefullyShutdownGroup), at: 0)
      services.append(.init(service: DrainWatch(vitals), successTerminationBehavior: .ignore))
    }
    var configuration = ServiceGroupConfiguration(services: services, logger: logger)
    // A worker gives up its tile by itself when the grace time is over, and needs a moment to hand back the job.
    configuration.maximumGracefulShutdownDuration = .seconds(settings.graceSeconds) + Self.handingBack
    let group = ServiceGroup(configuration: configuration)
    let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
    let stopping = Task {
      var isStopping = false
      for await signal in signals {
        logger.notice("asked to stop", metadata: ["signal": "\(signal)", "again": "\(isStopping)"])
        if isStopping { drain.hurry() } else { await group.triggerGracefulShutdown() }
        isStopping = true
      }
    }
    defer { stopping.cancel() }
    do {
      try await group.run()
    } catch {
      await compute?.finish()
      await weights.settle()
      await queue?.close()
      await ledger?.close()
      throw error
    }
    await compute?.finish()
    await weights.settle()
    await queue?.close()
    await ledger?.close()
  }

  /// What the process declares at the broker.
  private var duties: RabbitMQJobQueue.Duties {
    var duties: RabbitMQJobQueue.Duties = roles.contains(where: \.computes) ? .fleet : []
    if roles.contains(.events) { duties.insert(.events) }
    if roles.contains(.ingest) { duties.insert(.ingest) }
    return duties
  }

  /// What the process may use, and each of its slots. One process with several roles has their needs at the same time, so each gets its share.
  private var memory: (role: MemoryBudget, slot: MemoryBudget) {
    let computing = max(1, roles.count(where: \.computes))
    let role = MemoryBudget(limit: settings.maxMemory.map { $0 / computing })
    return (role, MemoryBudget(limit: role.limit.map { $0 / settings.slots }, engine: settings.engine))
  }

  /// Several trainers of one process are told apart.
  private func trainerName(_ place: Int) -> String {
    guard roles.count(where: { $0 == .trainer }) > 1 else { return name }
    return "\(name)-\(roles[...place].count { $0 == .trainer })"
  }

  /// - Parameter place: among the process's roles.
  private func service(
    _ role: Role, place: Int, store: (any BlobStore)?, queue: RabbitMQJobQueue?, ledger: PostgresLedger?,
    models: ModelLibrary?,
    weights: WeightsShelf, compute: ComputeProcesses?
  ) throws -> any Service {
    var service = ServiceSettings(
      owner: name, lease: .seconds(settings.leaseSeconds), overdueAfter: .seconds(settings.overdueSeconds),
      canaryShare: settings.canaryShare)
    service.vitals = vitals
    if case .watch(let options) = role {
      guard let ledger, let store else { throw SettingsError("Watching a folder needs database and store.") }
      return WatchService(
        options: options, intake: StudyIntake(ledger: ledger, store: store, reserve: settings.storeReserve),
        settings: service, logger: logger)
    }
    guard let queue else { throw SettingsError("The role \(role.name) needs the broker.") }
    if role == .events {
      guard let ledger else { throw SettingsError("Telling events needs the database.") }
      return EventService(
        ledger: ledger, gate: queue,
        sender: WebhookClient(allowsPlain: settings.allowsPlainWebhooks, version: SoftwareVersion.current),
        settings: service, logger: logger)
    }
    guard let store, let models else { throw SettingsError("The role \(role.name) needs the store.") }
    switch role {
    case .events, .watch: throw SettingsError("The role \(role.name) was begun twice.")
    case .ingest:
      guard let ledger else { throw SettingsError("Taking submissions needs the database.") }
      return IngestService(
        intake: StudyIntake(
          ledger: ledger, store: store, reserve: settings.storeReserve,
          folder: settings.ingestFolder.map { URL(filePath: $0) }),
        queue: queue, settings: service, logger: logger)
    case .worker:
      let slots: [any TilePredicting] =
        try compute?.predictors
        ?? (0..<settings.slots).map { _ in
          try SlotPredictor(
            store: store, models: models, weights: weights, threads: settings.threads, memory: memory.slot
          ) { [logger] chosen in
            logger.info("engine chosen", metadata: EngineLogging.facts(chosen))
          }
        }
      let facts = WorkerFacts(
        host: ProcessInfo.processInfo.hostName, softwareVersion: SoftwareVersion.current,
        memoryLimit: memory.role.limit,
        memory: { compute?.memory ?? ResidentMemory().bytes }, interval: WorkerStatus.interval)
      return WorkerService(
        queue: queue, slots: slots, name: name, facts: facts, drain: drain,
        ackTimeout: .seconds(settings.ackTimeoutSeconds),
        warmUp: { await compute?.warmUp() }, logger: logger)
    case .dispatcher:
      guard let ledger else { throw SettingsError("A dispatcher needs the database.") }
      func preparer() throws -> CasePreparer {
        try CasePreparer(store: store, models: models, threads: settings.threads, memory: memory.role)
      }
      return DispatcherService(
        ledger: ledger, queue: queue, preparer: try preparer(),
        // Two preparations at once take the memory of two: with a limit, a STAT study is the next one instead.
        urgentPreparer: memory.role.limit == nil ? try preparer() : nil,
        trainings: TrainingDispatch(
          ledger: ledger, queue: queue, store: store, lease: .seconds(settings.trainingLeaseSeconds)),
        settings: service, logger: logger
      ) { [reserve = settings.storeReserve] in try await reserve.check(store) }
    case .aggregator:
      guard let ledger else { throw SettingsError("An aggregator needs the database.") }
      return AggregatorService(
        ledger: ledger, queue: queue,
        stitcher: try CaseStitcher(
          store: store, models: models, threads: settings.threads, softwareVersion: SoftwareVersion.current,
          memory: memory.role),
        trainings: TrainingKeeper(ledger: ledger, queue: queue, store: store, logger: logger),
        sweeper: (store as? any BlobInventory).map { CheckpointSweeper(ledger: ledger, store: $0, logger: logger) },
        settings: service, logger: logger)
    case .trainer:
      return TrainerService(
        queue: queue, store: store,
        performer: NnunetTrainer(threads: settings.threads, maxMemory: memory.role.limit), name: trainerName(place),
        cache: URL(filePath: settings.cacheFolder), logger: logger)
    }
  }
}

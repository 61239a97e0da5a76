internal import ArgumentParser
internal import FleetContracts
internal import Foundation

/// `tessera top`
struct TopCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "top",
    abstract: "Shows the fleet at work: queue, throughput, workers, runs, trainings, alarms.",
    discussion: """
      Needs the database only. On a terminal it draws anew every two seconds until you press q; elsewhere, or with --once, it prints one
      picture. Rates are those of the last ten minutes.

        tessera top
        tessera top --once
        tessera top --json
      """)

  @Flag(help: "Print one picture and end.")
  var once = false

  @Flag(help: "Print the figures once, as JSON.")
  var json = false

  @Option(help: ArgumentHelp("Seconds between two pictures.", valueName: "seconds"))
  var interval = 2.0

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

  /// How long an outage of the database is waited through before the picture says so.
  private static let patience = Duration.seconds(3)

  func validate() throws {
    guard interval >= 0.2, interval <= 3600 else {
      throw ValidationError("--interval must be from 0.2 to 3600 seconds, not \(interval).")
    }
  }

  func run() async throws {
    try await Failures.reported {
      let ledger = try await fleet.adapters(for: "top").ledger(patience: Self.patience)
      // The dear question is asked less often than the picture is drawn.
      let violations = KeptAnswer(for: .seconds(30)) { try await ledger.violations() }
      let looks = KeptAnswer(for: .seconds(4)) { try await ledger.queueLook() }
      let picture = { () async throws -> TopFrame in
        let overview = try await ledger.overview()
        let workers = try await ledger.workers().filter {
          $0.isPresent || overview.at.timeIntervalSince($0.seenAt) < WorkersCommand.remembered
        }
        var frame = TopFrame(
          overview: overview, workers: workers, violations: await violations.value() ?? [:],
          trainings: try await ledger.trainingOverview())
        if let look = await looks.value() {
          for run in overview.runsInWork { frame.forecasts[run.run] = look.forecast(of: run.run) }
        }
        return frame
      }
      let first = try await picture()
      if json { return try Output.json(TopReport(first)) }
      guard !once, let terminal = Terminal() else {
        return Output.line(first.lines(columns: Terminal.size?.columns ?? 120).joined(separator: "\n"))
      }
      try await draw(first, then: picture, on: terminal)
      await ledger.close()
    }
  }

  private func draw(
    _ first: TopFrame, then picture: () async throws -> TopFrame, on terminal: Terminal
  ) async throws {
    let style = TopStyle(environment: ProcessInfo.processInfo.environment)
    var frame = first
    var due = ContinuousClock.now + .seconds(interval)
    while true {
      let size = terminal.size
      terminal.show(frame.lines(columns: size.columns, rows: size.rows, style: style))
      // Woken early by a change of the size, it draws what it has.
      guard await terminal.pause(due - ContinuousClock.now) else { return }
      guard ContinuousClock.now >= due else { continue }
      do {
        frame = try await picture()
      } catch {
        frame.trouble = "\(error)"
      }
      due = ContinuousClock.now + .seconds(interval)
    }
  }
}

/// What `tessera top --json` prints; keys in snake case.
struct TopReport: Encodable {
  var overview: FleetOverview
  var workers: [WorkersCommand.Report]
  var violations: [String: Int]
  var forecasts: [Forecast]
  /// Jobs that trainers have.
  var trainings: [TrainingJob]
  /// Jobs of all trainings by state.
  var trainingJobs: [String: Int]
  /// Those of the ready ones that wait as their tenants are paused.
  var pausedTrainingJobs: Int

  struct TrainingJob: Encodable {
    var training: String
    var tenant: String
    var task: String
    var model: String
    var job: Int
    var kind: String
    var configuration: String?
    var fold: Int?
    var epochs: Int
    var plannedEpochs: Int
    var trainingLoss: Double?
    var validationLoss: Double?
    var dice: Double?
    /// The mean of the latest ones.
    var epochSeconds: Double?
    /// When it will probably be done, validation and all.
    var expectedAt: Date?
    var worker: String

    init(_ job: TrainingJobInWork, at now: Date) {
      training = job.training.description
      tenant = job.tenant.name
      task = job.task
      model = job.model
      self.job = job.job
      kind = job.work.kind
      configuration = job.work.configuration
      fold = job.work.fold
      epochs = job.epochs
      plannedEpochs = job.plannedEpochs
      trainingLoss = job.latest?.trainingLoss
      validationLoss = job.latest?.validationLoss
      dice = job.latest?.dice
      epochSeconds = job.latest?.epochSeconds
      expectedAt = job.expectedEnd(at: now)
      worker = job.worker
    }
  }

  struct Forecast: Encodable {
    var run: RunID
    var position: Int
    /// Seconds from the overview's time; `nil` where nothing can be said.
    var median: Double?
    var ninetieth: Double?
    var reason: QueueForecast.Reason?
  }

  init(_ frame: TopFrame) {
    overview = frame.overview
    workers = frame.workers.map(WorkersCommand.Report.init)
    violations = frame.violations
    trainings = (frame.trainings?.inWork ?? []).map { TrainingJob($0, at: frame.overview.at) }
    trainingJobs = Dictionary(uniqueKeysWithValues: (frame.trainings?.jobs ?? []).map { ($0.state.rawValue, $0.count) })
    pausedTrainingJobs = frame.trainings?.pausedJobs ?? 0
    forecasts = frame.overview.runsInWork.compactMap { run in
      frame.forecasts[run.run].map {
        Forecast(
          run: run.run, position: $0.position, median: $0.median, ninetieth: $0.ninetieth, reason: $0.reason)
      }
    }
  }
}

internal import ArgumentParser

/// `tessera dispatcher`
struct DispatcherCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dispatcher",
    abstract: "Prepares submitted runs and hands their tiles to workers; runs until SIGTERM.",
    discussion: """
      Needs broker, database and store. Any number may run.

        tessera dispatcher --http-listen 127.0.0.1:9091
      """)

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions
  @OptionGroup(title: "Computing") var compute: ComputeOptions

  func run() async throws { try await RoleRunner.run([.dispatcher], "dispatcher", fleet, compute.flags) }
}

/// `tessera worker`
struct WorkerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker",
    abstract: "Predicts tiles; runs until SIGTERM, then finishes the tile in hand.",
    discussion: """
      Needs broker and store, never the database. Start as many as you like, anywhere. Results name the engine and the instruction set that
      computed them; workers of one instruction set give the same bits, so hold a mixed fleet to the weakest.

        tessera worker --threads 16 --slots 2 --isa avx2
      """)

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions
  @OptionGroup(title: "Computing") var compute: ComputeOptions
  @OptionGroup var engine: EngineSettingOptions
  @OptionGroup var weights: WeightsCacheOptions

  @Option(help: ArgumentHelp("Tiles computed at once (TESSERA_WORKER_SLOTS).", valueName: "n"))
  var slots: Int?

  func run() async throws {
    let flags = [engine.flags, weights.flags, ["worker.slots": slots.map(String.init)]].reduce(compute.flags) {
      $0.merging($1) { $1 }
    }
    try await RoleRunner.run([.worker], "worker", fleet, flags)
  }
}

/// `tessera aggregator`
struct AggregatorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "aggregator",
    abstract: "Records tile results, stitches and measures finished runs; runs until SIGTERM.",
    discussion: """
      Needs broker, database and store. Any number may run.

        tessera aggregator --http-listen 127.0.0.1:9092
      """)

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions
  @OptionGroup(title: "Computing") var compute: ComputeOptions

  func run() async throws { try await RoleRunner.run([.aggregator], "aggregator", fleet, compute.flags) }
}

/// `tessera up`
struct UpCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "up",
    abstract: "Runs dispatcher, worker, aggregator, events and ingest in one process, for trying out; until SIGTERM.",
    discussion: """
      Needs broker, database and store. With --trainers it trains too (`tessera submit-training`); each trainer takes as many threads as the
      worker does.

        tessera up --threads 8 --engine automatic
        tessera up --threads 4 --trainers 1
      """)

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions
  @OptionGroup(title: "Computing") var compute: ComputeOptions
  @OptionGroup var engine: EngineSettingOptions
  @OptionGroup var weights: WeightsCacheOptions

  @Option(help: ArgumentHelp("Folds trained at once.", valueName: "n"))
  var trainers = 0

  private static let mostTrainers = 64

  func validate() throws {
    guard (0...Self.mostTrainers).contains(trainers) else {
      throw ValidationError("--trainers is \(trainers); it must be from 0 to \(Self.mostTrainers).")
    }
  }

  func run() async throws {
    let flags = compute.flags.merging(engine.flags) { $1 }.merging(weights.flags) { $1 }
    let roles: [RoleProcess.Role] = [.dispatcher, .worker, .aggregator, .events, .ingest]
    try await RoleRunner.run(roles + Array(repeating: .trainer, count: trainers), "up", fleet, flags)
  }
}

/// What the commands of the roles share.
enum RoleRunner {
  static func run(
    _ roles: [RoleProcess.Role], _ name: String, _ fleet: FleetOptions, _ flags: [String: String?]
  ) async throws {
    try await Failures.reported {
      let settings = try await FleetSettings.read(
        flags: fleet.flags.merging(flags) { $1 }, file: fleet.configuration)
      try await RoleProcess(roles, settings: settings, logger: FleetLogging.role(name, format: settings.logFormat))
        .run()
    }
  }
}

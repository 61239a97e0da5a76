internal import Foundation
internal import PostgresLedger
internal import RabbitMQBroker

/// Where a row of the table is played: a fleet's servers, and the processes that the row starts, breaks and asks.
public final class Stage {
  /// `nil` where the fleet is somebody else's.
  let ownServers: PrivateServers?
  /// Logs of this row, and the case.
  let folder: URL
  let executable: URL
  /// The folder with the scripts.
  let compose: URL
  /// The settings of the fleet's processes.
  var environment: [String: String]
  let study: Study
  /// Studies like it, each with voxels of its own: their tiles have other digests, so nothing of them is in the store yet.
  let spares: [Spare]
  let random: UInt64
  private(set) var processes: [ChildProcess] = []
  /// The runs that this row has submitted.
  private(set) var runs: [String] = []
  /// What must come of runs whose study isn't the row's own: SHA-256 of the label map's voxels.
  private(set) var expectations: [String: String] = [:]
  private var inspector: LedgerInspector
  private var queue: RabbitMQJobQueue?
  private var numbers: [String: Int] = [:]

  /// What is submitted, and what must come of it.
  struct Study {
    var image: URL
    var model: String
    var modelFolder: URL
    /// SHA-256 of the label map's voxels without faults and with one worker; `nil` until it is known.
    var expected: String?
    var tiles = 0
  }

  /// An image, and SHA-256 of the label map's voxels that `tessera predict` makes of it.
  struct Spare: Sendable {
    var image: URL
    var expected: String
  }

  init(
    servers: PrivateServers?, folder: URL, executable: URL, compose: URL, environment: [String: String], study: Study,
    spares: [Spare], seed: UInt64
  ) throws {
    ownServers = servers
    self.folder = folder
    self.executable = executable
    self.compose = compose
    self.environment = environment
    self.study = study
    self.spares = spares
    random = seed
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    guard let database = environment["TESSERA_DATABASE_URL"] else {
      throw ChaosError("Chaos needs the fleet's database; set TESSERA_DATABASE_URL.")
    }
    inspector = try LedgerInspector(url: database)
  }

  /// - Throws: `ChaosSkip` where the servers are somebody else's.
  func servers() throws -> PrivateServers {
    guard let ownServers else { throw ChaosSkip("it kills servers, and this fleet's belong to somebody else") }
    return ownServers
  }

  // MARK: Processes

  enum Role: String { case dispatcher, worker, aggregator, up }

  /// Starts a process of the fleet and waits until it says so.
  /// - Parameters:
  ///   - fault: its `TESSERA_FAULT`.
  ///   - wrapper: a program and arguments that start it, such as `systemd-run`.
  @discardableResult
  func start(
    _ role: Role, fault: String? = nil, _ arguments: [String] = [], settings: [String: String] = [:],
    wrapper: [String] = []
  ) async throws -> ChildProcess {
    let process = try launch(role, fault: fault, arguments, settings: settings, wrapper: wrapper)
    let word = role == .up ? "worker" : role.rawValue
    try await wait("\(process.name) to start", within: 60) {
      if !process.isRunning { throw ChaosError("\(process.name) ended at its start: \(process.logText.suffix(600))") }
      return process.logText.contains("\(word) started")
    }
    return process
  }

  /// Starts a process of the fleet.
  @discardableResult
  func launch(
    _ role: Role, fault: String? = nil, _ arguments: [String] = [], settings: [String: String] = [:],
    wrapper: [String] = []
  ) throws -> ChildProcess {
    var environment = environment.merging(settings) { $1 }
    environment["TESSERA_FAULT"] = fault
    let command = wrapper + [executable.path, role.rawValue] + arguments
    let process = try ChildProcess(
      newName(role.rawValue), URL(filePath: command[0]), Array(command.dropFirst()), environment: environment,
      folder: folder)
    processes.append(process)
    return process
  }

  /// A dispatcher, an aggregator and workers without faults.
  func startFleet(workers: Int = 1) async throws {
    let names = [Role.dispatcher, .aggregator] + Array(repeating: .worker, count: workers)
    let started = try names.map { try launch($0) }
    for process in started {
      let word = process.name.prefix { $0 != "-" }
      try await wait("\(process.name) to start", within: 60) { process.logText.contains("\(word) started") }
    }
  }

  func workers() -> [ChildProcess] { processes.filter { $0.name.hasPrefix("worker") || $0.name.hasPrefix("up") } }

  func kill(_ process: ChildProcess) async throws {
    process.send(9)
    try await wait("\(process.name) to die", within: 20) { !process.isRunning }
  }

  /// Ends all processes: SIGTERM, and SIGKILL for those that don't listen within 15 s.
  func endProcesses() async {
    let running = processes.filter(\.isRunning)
    for process in running {
      process.send(18)  // SIGCONT, for one that was stopped
      process.send(15)
    }
    let deadline = ContinuousClock.now + .seconds(15)
    while running.contains(where: \.isRunning), ContinuousClock.now < deadline {
      await Moment.pass(milliseconds: 20)
    }
    for process in running where process.isRunning { process.send(9) }
  }

  func close() async {
    await inspector.close()
    await queue?.close()
  }

  private func newName(_ word: String) -> String {
    numbers[word, default: 0] += 1
    return "\(word)-\(numbers[word] ?? 0)"
  }

  // MARK: Commands

  /// Runs a command of `tessera` to its end and returns what it printed.
  /// - Throws: `ChaosError` when it fails.
  @discardableResult
  func tessera(_ arguments: [String], fault: String? = nil) async throws -> String {
    let child = try await command(arguments, fault: fault)
    guard child.exitCode == 0 else {
      throw ChaosError(
        "tessera \(arguments.joined(separator: " ")) ended with \(child.ending): \(child.logText.suffix(600))")
    }
    return child.outputText
  }

  /// Runs a command of `tessera` to its end, however that is.
  func command(_ arguments: [String], fault: String? = nil) async throws -> ChildProcess {
    let child = try launchCommand(arguments, fault: fault)
    try await wait("tessera \(arguments.first ?? "") to end", within: 120) { !child.isRunning }
    return child
  }

  /// Starts a command of `tessera`, and doesn't wait.
  func launchCommand(_ arguments: [String], fault: String? = nil) throws -> ChildProcess {
    var environment = environment
    environment["TESSERA_FAULT"] = fault
    environment["TESSERA_LOG_LEVEL"] = nil
    return try ChildProcess(
      newName("command-\(arguments.first ?? "")"), executable, arguments, environment: environment, folder: folder)
  }

  /// Submits the study and returns the run's identifier.
  @discardableResult
  func submit(key: String? = nil, _ arguments: [String] = [], image: URL? = nil) async throws -> String {
    let process = try await command(submission(key: key, image: image) + arguments)
    guard let run = receipt(of: process) else {
      throw ChaosError("tessera submit printed no run and ended with \(process.ending): \(process.logText.suffix(300))")
    }
    note(run: run)
    return run
  }

  /// Submits one of the spare studies.
  func submit(spare number: Int) async throws -> String {
    let spare = spares[number % spares.count]
    let run = try await submit(image: spare.image)
    note(run: run, expecting: spare.expected)
    return run
  }

  /// Starts afresh, on other servers: earlier runs and processes were examined.
  func forget() {
    runs = []
    expectations = [:]
    processes = []
  }

  /// The run that a submission has printed.
  func receipt(of submission: ChildProcess) -> String? {
    struct Receipt: Decodable { var run: String }
    return (try? JSONDecoder().decode(Receipt.self, from: Data(submission.outputText.utf8)))?.run
  }

  /// Counts `run` among this row's.
  func note(run: String, expecting digest: String? = nil) {
    if !runs.contains(run) { runs.append(run) }
    expectations[run] = digest
  }

  /// Starts submitting the study, and doesn't wait.
  func launchSubmission(of image: URL, key: String, fault: String?) throws -> ChildProcess {
    try launchCommand(submission(key: key, image: image), fault: fault)
  }

  func submission(key: String? = nil, image: URL? = nil) -> [String] {
    ["submit", (image ?? study.image).path, "--model", study.model, "--disable_tta", "--json"]
      + (key.map { ["--key", $0] } ?? [])
  }

  // MARK: Waiting and asking

  /// Waits until `condition` holds.
  /// - Throws: `ChaosError` when it doesn't within `seconds`.
  func wait(_ what: String, within seconds: Double = 60, until condition: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while !(try await condition()) {
      guard ContinuousClock.now < deadline else { throw ChaosError("It waited in vain, \(seconds) s, for \(what).") }
      try await Task.sleep(for: .milliseconds(25))
    }
  }

  /// Rows of the ledger.
  func ask(_ sql: String) async throws -> [[String?]] { try await inspector.rows(sql) }

  /// The number that a statement answers.
  func count(_ sql: String) async throws -> Int {
    try await ask(sql).first?.first.flatMap { $0 }.flatMap { Int($0) } ?? 0
  }

  /// Points the ledger's inspector at another server.
  func inspect(database url: String) async throws {
    await inspector.close()
    inspector = try LedgerInspector(url: url)
  }

  func state(of run: String) async throws -> String {
    try await ask("SELECT state FROM fleet.runs WHERE id = '\(run)'").first?.first.flatMap { $0 } ?? "unknown"
  }

  func acceptedTiles(of run: String) async throws -> Int {
    try await count(
      "SELECT count(*) FROM fleet.tile_results x JOIN fleet.passes p ON p.id = x.pass WHERE p.run = '\(run)'")
  }

  /// This row's runs, for SQL's IN.
  var runList: String { runs.isEmpty ? "(NULL)" : "(" + runs.map { "'\($0)'" }.joined(separator: ", ") + ")" }

  /// Messages that nobody could read: at the broker, and, where the ledger keeps them, there.
  func deadLetters() async throws -> Int {
    let waiting = try await broker().status(of: .dead)?.ready ?? 0
    let keeps =
      try await count("SELECT count(*) FROM pg_tables WHERE schemaname = 'fleet' AND tablename = 'dead_letters'") > 0
    return waiting + (keeps ? try await count("SELECT count(*) FROM fleet.dead_letters") : 0)
  }

  /// How many slots the broker knows.
  func consumersOfTiles() async throws -> Int? { try await broker().status(of: .tiles)?.consumers }

  /// A connection of chaos's own to the broker, which stays until the stage is closed.
  func broker() async throws -> RabbitMQJobQueue {
    if let queue { return queue }
    let made = try RabbitMQJobQueue(
      url: environment["TESSERA_AMQP_URL"] ?? "", settings: RabbitMQJobQueue.Settings(connectionName: "chaos"))
    queue = made
    try await made.prepare()
    return made
  }

  /// Waits until all runs of this row have ended; says nothing of how, nor throws when they don't.
  func awaitEnds(within seconds: Double = 120) async throws {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < deadline {
      if try await count("SELECT count(*) FROM fleet.runs WHERE id IN \(runList) AND state NOT IN \(Self.finalStates)")
        == 0
      {
        return
      }
      try await Task.sleep(for: .milliseconds(50))
    }
  }

  static let finalStates = "('completed', 'failed', 'cancelled')"
}

internal import ArgumentParser
internal import Foundation
internal import Kernels
internal import Machine
internal import ModelStore
internal import UNet

/// `tessera doctor`
struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Shows what this machine computes with and why, and whether something is broken.",
    discussion: """
      Processor, instruction sets, caches, OpenBLAS, memory, limits of the container, settings; each engine computes a small network that is
      held against a plain computation. With --model: which engine computes it, and in how much memory. Exit code 70 if something
      is broken, else 0. Settings are read as a worker reads them; secrets aren't shown.

        tessera doctor
        tessera doctor --model MODEL_DIR -f 0 1 --max-memory 4GiB --json

      With --fleet: connects to broker, database and store instead, with the settings of a process of the fleet, and says what is wrong with TLS,
      rights, schema, queues, clocks and space.

        tessera doctor --fleet
        tessera doctor --fleet --amqp amqps://worker:…@broker/tessera?cacertfile=ca.crt
      """)

  @Option(
    help: ArgumentHelp("A trained model's folder: what it will take is shown too.", valueName: "dir"),
    completion: .directory)
  var model: String?

  @OptionGroup var folds: FoldOptions

  @OptionGroup var engine: EngineSettingOptions

  @Option(help: "Compute threads of a slot (TESSERA_THREADS). Default: all processors.")
  var threads: Int?

  @Option(
    name: [.customLong("max-memory"), .customLong("max_memory")],
    help: ArgumentHelp("Memory that the process may use, such as 4GiB (TESSERA_MAX_MEMORY).", valueName: "size"))
  var maxMemory: String?

  @OptionGroup(title: "Servers of the fleet") var fleetOptions: FleetOptions

  private var configuration: String? { fleetOptions.configuration }

  @Flag(name: .customLong("fleet"), help: "Look at broker, database and store.")
  var looksAtFleet = false

  @Flag(help: "Print JSON.")
  var json = false

  func run() async throws {
    try await Failures.reported {
      if looksAtFleet { return try await examineFleet() }
      let report = try await report()
      if json {
        try Output.json(report)
      } else {
        show(report.lines)
      }
      if !report.problems.isEmpty { throw ExitCodes.failed }
    }
  }

  private struct FleetReport: Encodable {
    var softwareVersion = SoftwareVersion.current
    var findings: [FleetFinding]
  }

  private func examineFleet() async throws {
    let settings = try await FleetSettings.read(flags: fleetOptions.flags, file: configuration)
    let findings = await FleetExamination(settings: settings).findings()
    if json {
      try Output.json(FleetReport(findings: findings))
    } else {
      show(findings.map(\.line))
    }
    if findings.contains(where: { $0.state == .problem }) { throw ExitCodes.failed }
  }

  private func show(_ lines: [(title: String, text: String)]) {
    for (title, text) in lines { Output.line(title + String(repeating: " ", count: max(1, 14 - title.count)) + text) }
  }

  private func report() async throws -> DoctorReport {
    let environment = ProcessInfo.processInfo.environment
    let flags = fleetOptions.flags.merging(engine.flags) { $1 }
      .merging(["threads": threads.map(String.init), "max.memory": maxMemory]) { $1 }
    let read: Result<FleetSettings, any Error>
    do {
      read = .success(try await FleetSettings.read(flags: flags, file: configuration))
    } catch {
      read = .failure(error)
    }
    let found = DoctorSettings(read, environment: environment)
    var problems = found.problems
    let settings = try? read.get()
    var request = settings?.engine ?? EngineRequest()
    do {
      try request.check()
    } catch {
      problems.append(error.description)
      request = EngineRequest()
    }

    let machine = Machine()
    let threads = settings?.threads ?? ProcessInfo.processInfo.activeProcessorCount
    let openBLAS = DoctorReport.OpenBLASFacts(preset: environment["OPENBLAS_CORETYPE"])
    let checks = try EngineCheck.all()
    problems += checks.filter { !$0.isGood }.map {
      "The engine \($0.engine) computes wrong values on this machine; use another one by --engine or --isa, and have the machine examined."
    }
    let model = open(request, settings, threads, machine, &problems)
    let isa = request.instructionSet ?? .best
    let (word, reason) = Self.engine(request, isa)
    return DoctorReport(
      machine: machine, instructionSets: InstructionSet.available.map(\.description), instructionSet: isa.description,
      openBLAS: openBLAS, threads: threads, engine: word, engineReason: reason, checks: checks, model: model,
      settings: found, problems: problems,
      advice: DoctorAdvice.advice(
        machine, threads: threads, slots: settings?.slots ?? 1, openBLAS: openBLAS, best: .best))
  }

  /// The model, or `nil` and a problem.
  private func open(
    _ request: EngineRequest, _ settings: FleetSettings?, _ threads: Int, _ machine: Machine, _ problems: inout [String]
  ) -> DoctorModel? {
    guard let model else { return nil }
    do {
      let trained = try TrainedModel.open(
        folder: URL(filePath: model), folds: try folds.selection(), checkpoint: folds.checkpoint,
        treatedAs: folds.treatedAs)
      let limit = [settings?.maxMemory.map { $0 / (settings?.slots ?? 1) }, machine.usableMemory].compactMap { $0 }
        .min()
      let found = try DoctorModel(trained, request: request, threads: threads, limit: limit)
      problems += found.problems
      return found
    } catch {
      problems.append("\(error)")
      return nil
    }
  }

  /// What computes plain networks, and why.
  private static func engine(_ request: EngineRequest, _ isa: InstructionSet) -> (String, String) {
    let asked = request.choice == .automatic ? EngineChoice.winograd : request.choice
    let winograd = EngineIdentity(
      engine: asked.rawValue,
      features: ComputeFeatures(instructionSet: isa.description, openBLASCore: EngineIdentity.noOpenBLAS)
    ).description
    let blas = EngineIdentity(engine: EngineChoice.blas.rawValue).description
    switch request.choice {
    case .blas: return (blas, "it was asked for")
    case .winograd, .winogradSmall: return (winograd, "it was asked for; networks that it can't run fail")
    case .automatic:
      let best = request.instructionSet == nil ? "the best that the processor has" : "as it was asked for"
      return (
        winograd,
        "the fastest, \(best); \(EngineChoice.winogradSmall.rawValue) where its memory doesn't fit; \(blas) for networks that it can't run"
      )
    }
  }
}

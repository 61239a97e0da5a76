import Foundation
import Kernels
import Testing
import Testkit

/// One model and one image have one result, to the last bit: with any number of threads and workers, locally and through the fleet,
/// and whatever is killed on the way. Real processes, real RabbitMQ, real PostgreSQL.
@Suite(
  .serialized,
  .enabled(if: PrivateServers.areInstalled, "needs rabbitmq-server and postgresql; Compose/install brings them"))
struct SameBitsTests {
  private let image = Fixtures.directory.appending(path: "demo/images/colin27_0000.nii.gz")
  private let model = Fixtures.directory.appending(path: "Task501/model")

  /// The result of `tessera predict`, without any server.
  private func local(threads: Int, engine: [String] = []) async throws -> String {
    try await report(threads: threads, engine: engine).labelSha256
  }

  private struct Report: Decodable {
    var labelSha256: String
    var engine: String
  }

  private func report(threads: Int, engine: [String]) async throws -> Report {
    let folder = try TemporaryFolder()
    let result = try await TesseraProcess.run(
      [
        "predict", "-i", image.path, "-o", folder.url.path, "-d", model.path, "--disable_tta", "--threads",
        "\(threads)", "--json",
      ] + engine, environment: [:], folder: folder.url)
    try #require(result.code == 0, "\(result.log)")
    return try #require(try Fleet.decode([Report].self, from: result.output).first)
  }

  /// The engines and instruction sets that a fleet on this machine may be held to; the slowest one only where there is no other.
  private static let engines =
    [["--engine", "blas"]]
    + InstructionSet.available.filter { $0 > .portable || $0 == .best }.map {
      ["--engine", "winograd", "--isa", "\($0)"]
    }

  /// Within an engine and instruction set, threads and fleet change nothing; a run that several have computed says so.
  @Test(.timeLimit(.minutes(10)))
  func eachEngineAndInstructionSetHasOneDigest() async throws {
    let fleet = try await Fleet()
    let dispatcher = try await fleet.start("dispatcher")
    let aggregator = try await fleet.start("aggregator")
    var names: Set<String> = []
    for engine in Self.engines {
      let alone = try await report(threads: 1, engine: engine)
      #expect(try await local(threads: 2, engine: engine) == alone.labelSha256, "\(engine), two threads")
      let worker = try await fleet.start("worker", engine + ["--threads", "2"])
      let run = try await fleet.submit(image)
      #expect(try await fleet.digest(of: run) == alone.labelSha256, "\(engine), by a fleet")
      #expect(try await fleet.status(run).engine == alone.engine)
      worker.send(SIGTERM)
      #expect(try await worker.finish(within: 60).code == 0)
      #expect(worker.logText.contains("engine chosen") && worker.logText.contains("it was asked for"))
      names.insert(alone.engine)
    }
    #expect(names.count == Self.engines.count, "\(names)")

    let workers = [
      try await fleet.start("worker", ["--engine", "blas"]), try await fleet.start("worker", ["--engine", "winograd"]),
    ]
    let mixed = try await fleet.submit(image)
    _ = try await fleet.digest(of: mixed)
    let engines = try #require(try await fleet.status(mixed).engine).split(separator: ",")
    #expect(engines.count == 2 && engines[0].hasPrefix("blas/") && engines[1].hasPrefix("winograd/"), "\(engines)")
    #expect(aggregator.logText.contains("several engines"))
    for role in [dispatcher] + workers { #expect(role.isRunning) }
  }

  @Test(.timeLimit(.minutes(10)))
  func localAndFleetAndKillsGiveOneDigest() async throws {
    let expected = try await local(threads: 1)
    #expect(try await local(threads: 2) == expected, "two threads")

    let fleet = try await Fleet()
    let dispatcher = try await fleet.start("dispatcher")
    let aggregator = try await fleet.start("aggregator")

    let first = try await fleet.start("worker")
    #expect(try await fleet.digest(of: fleet.submit(image)) == expected, "one worker")

    let second = try await fleet.start("worker")
    #expect(try await fleet.digest(of: fleet.submit(image)) == expected, "two workers")

    // SIGKILL in the middle of a tile: the log's last word of the victim is that it began one.
    let run = try await fleet.submit(image)
    let before = second.logText.components(separatedBy: "predicting tile").count
    try await second.wait("the second worker to begin a tile", within: 60) {
      second.logText.components(separatedBy: "predicting tile").count > before
    }
    second.send(SIGKILL)
    _ = try await second.finish()
    let begun = second.logText.components(separatedBy: "predicting tile").count
    let done = second.logText.components(separatedBy: "tile predicted").count
    #expect(begun == done + 1, "the victim died in the middle of a tile")
    #expect(try await fleet.digest(of: run) == expected, "two workers, one killed in the middle of a tile")

    // SIGTERM: everybody stops cleanly.
    for process in [dispatcher, aggregator, first] {
      process.send(SIGTERM)
      #expect(try await process.finish(within: 60).code == 0)
    }
  }

  /// A cascade, and an ensemble of three configurations, one of them with a first stage of its own.
  @Test(.timeLimit(.minutes(10)), arguments: [["3d_cascade_fullres"], ["2d", "3d_fullres", "3d_cascade_fullres"]])
  func runsOfSeveralModelsGiveOneDigest(configurations: [String]) async throws {
    let passes = Fixtures.directory.appending(path: "oracle/passes")
    let image = passes.appending(path: "images/border_0000.nii.gz")
    let folder = try TemporaryFolder()
    let local = try await TesseraProcess.run(
      [
        "predict", "-i", image.path, "-o", folder.url.path, "-t", "910", "-f", "0", "--disable_tta", "--json", "-m",
      ] + configurations, environment: ["RESULTS_FOLDER": passes.appending(path: "results").path], folder: folder.url)
    try #require(local.code == 0, "\(local.log)")
    struct Report: Decodable { var labelSha256: String }
    let expected = try #require(try Fleet.decode([Report].self, from: local.output).first).labelSha256

    let fleet = try await Fleet()
    for configuration in configurations {
      let trainer = configuration == "3d_cascade_fullres" ? "nnUNetTrainerV2CascadeFullRes" : "nnUNetTrainerV2"
      let model = passes.appending(
        path: "results/nnUNet/\(configuration)/Task910_Passes/\(trainer)__nnUNetPlansv2.1")
      try await fleet.succeed(["model", "add", model.path, "--name", configuration, "-f", "0"])
    }
    let roles = [try await fleet.start("dispatcher"), try await fleet.start("aggregator")]
    let victim = try await fleet.start("worker")
    let run = try await fleet.submit(image, to: configurations)
    try await victim.wait("the worker to begin a tile", within: 60) { victim.logText.contains("predicting tile") }
    victim.send(SIGKILL)
    _ = try await victim.finish()
    let successor = try await fleet.start("worker")
    #expect(try await fleet.digest(of: run) == expected, "\(configurations), one worker killed in the middle")
    for role in roles + [successor] { #expect(role.isRunning) }
  }

  @Test(.timeLimit(.minutes(10)))
  func killedBrokerAndDatabaseCostOnlyTime() async throws {
    let expected = try await local(threads: 2)
    let servers = try PrivateServers()
    let fleet = try await Fleet(on: servers)
    let roles = [
      try await fleet.start("dispatcher"), try await fleet.start("aggregator"), try await fleet.start("worker"),
    ]
    let worker = roles[2]

    let first = try await fleet.submit(image)
    try await worker.wait("a tile", within: 60) { worker.logText.contains("tile predicted") }
    try servers.killBroker()
    try await Task.sleep(for: .seconds(1))
    #expect(try await fleet.status(first).state == "predicting")
    try servers.startBroker()
    #expect(try await fleet.digest(of: first) == expected, "broker killed and started again")

    let second = try await fleet.submit(image)
    let before = worker.logText.components(separatedBy: "tile predicted").count
    try await worker.wait("a tile", within: 60) {
      worker.logText.components(separatedBy: "tile predicted").count > before
    }
    try servers.killDatabase()
    try await Task.sleep(for: .seconds(1))
    try servers.startDatabase()
    #expect(try await fleet.digest(of: second) == expected, "database killed and started again")
    for role in roles { #expect(role.isRunning) }
  }
}

import Foundation
import Testing
import Testkit

/// Real servers and real `tessera` processes around a blob store in a temporary folder.
final class Fleet {
  private let place: ServerPlace
  let folder: TemporaryFolder
  let environment: [String: String]

  /// - Parameters:
  ///   - servers: for a test that kills them or changes their settings; those of all other tests when `nil`.
  ///   - changes: settings of all processes that differ from what follows.
  init(on servers: PrivateServers? = nil, environment changes: [String: String] = [:]) async throws {
    place = try servers.map(ServerPlace.init) ?? SharedServers.place()
    folder = try TemporaryFolder()
    environment = place.environment.merging([
      "TESSERA_STORE_URL": "file://\(folder.url.path)/store", "TESSERA_CACHE_FOLDER": "\(folder.url.path)/cache",
      "TESSERA_WEIGHTS_CACHE": "\(folder.url.path)/weights",
      "TESSERA_THREADS": "1", "TESSERA_LEASE_SECONDS": "5", "TESSERA_OVERDUE_SECONDS": "10",
      "TESSERA_LOG_LEVEL": "debug", "nnUNet_raw_data_base": folder.url.path,
      "nnUNet_preprocessed": folder.url.appending(path: "preprocessed").path,
    ]) { $1 }.merging(changes) { $1 }
    try await succeed(["migrate", "up"])
    try await succeed(["model", "add", Fixtures.directory.appending(path: "Task501/model").path, "--name", "tissue"])
  }

  /// Starts a role; it dies with the returned value.
  /// - Parameters:
  ///   - fault: what is to go wrong in it, as `TESSERA_FAULT` says it.
  ///   - extra: environment variables of this process alone.
  ///   - says: what its log says when it has started, where that isn't the role's own word.
  func start(
    _ role: String, _ arguments: [String] = [], fault: String? = nil, environment extra: [String: String] = [:],
    says: String? = nil
  ) async throws -> TesseraProcess {
    var environment = environment.merging(extra) { $1 }
    if let fault { environment["TESSERA_FAULT"] = fault }
    let process = try TesseraProcess([role] + arguments, environment: environment, folder: folder.url)
    try await process.wait("\(role) to start", within: 60) { process.logText.contains(says ?? "\(role) started") }
    return process
  }

  @discardableResult
  func succeed(_ arguments: [String]) async throws -> String {
    let result = try await TesseraProcess.run(arguments, environment: environment, folder: folder.url)
    guard result.code == 0 else {
      throw Failure(
        description: "tessera \(arguments.joined(separator: " ")) exited with \(result.code): \(result.log)")
    }
    return result.output
  }

  /// Submits an image and returns the run's identifier.
  func submit(_ image: URL, to models: [String] = ["tissue"]) async throws -> String {
    let output = try await succeed(
      ["submit", image.path, "--disable_tta", "--json"] + models.flatMap { ["--model", $0] })
    struct Receipt: Decodable { var run: String }
    return try Self.decode(Receipt.self, from: output).run
  }

  struct Status: Decodable {
    var state: String
    var labelSha256: String?
    var engine: String?
    var plannedTiles: Int
    var acceptedTiles: Int
    var failure: String?
  }

  func status(_ run: String) async throws -> Status {
    try Self.decode(Status.self, from: try await succeed(["status", run, "--json"]))
  }

  /// Waits for the run's end and returns the SHA-256 of its label voxels.
  func digest(of run: String, within seconds: Double = 180) async throws -> String {
    let status = try await end(of: run, within: seconds)
    guard status.state == "completed" else {
      throw Failure(description: "run \(run): \(status.state), \(status.failure ?? "")")
    }
    return try #require(status.labelSha256)
  }

  /// Waits until the run is over.
  func end(of run: String, within seconds: Double = 180) async throws -> Status {
    do {
      try await wait(
        "run \(run) to end", within: seconds,
        until: "SELECT state IN ('completed', 'failed', 'cancelled') FROM fleet.runs WHERE id = '\(run)'")
    } catch let failure as Failure {
      throw Failure(description: "\(failure); \(try await status(run))\n\(logs())")
    }
    return try await status(run)
  }

  /// What `--json` printed.
  static func decode<Value: Decodable>(_ type: Value.Type, from output: String) throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: Data(output.utf8))
  }

  /// The ends of all logs, for a failure's report.
  private func logs() -> String {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.url.path)) ?? []
    return files.filter { $0.hasSuffix(".log") && !$0.hasPrefix("status") }.map { file in
      let text = (try? String(contentsOf: folder.url.appending(path: file), encoding: .utf8)) ?? ""
      return "== \(file)\n\(text.suffix(1500))"
    }.joined(separator: "\n")
  }

  struct Failure: Error, CustomStringConvertible { var description: String }
}

internal import Foundation

/// Servers and a study, on which rows are played one after the other.
final class Theatre {
  private let settings: ChaosRun.Settings
  private let servers: PrivateServers?
  private let environment: [String: String]
  private var study: Stage.Study
  private var spares: [Stage.Spare] = []
  /// More than any row submits of them.
  private static let spareStudies = 8
  private let number: Int

  /// Starts servers, unless the fleet is somebody else's, registers the model, and lets one worker predict the study without any fault.
  /// - Throws: `ChaosError`.
  static func open(
    _ settings: ChaosRun.Settings, number: Int, progress: (String) -> Void
  ) async throws -> Theatre {
    let folder = settings.folder.appending(path: "theatre-\(number)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    if settings.fleet == nil { progress("starting RabbitMQ and PostgreSQL") }
    let servers =
      settings.fleet == nil
      ? try await PrivateServers(in: folder.appending(path: "servers"), compose: settings.compose) : nil
    do {
      let theatre = try Theatre(settings, servers: servers, folder: folder, number: number)
      try await theatre.rehearse(progress)
      return theatre
    } catch {
      try? await servers?.stop()
      throw error
    }
  }

  private init(_ settings: ChaosRun.Settings, servers: PrivateServers?, folder: URL, number: Int) throws {
    self.settings = settings
    self.servers = servers
    self.number = number
    environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("TESSERA_") }.merging([
      "TESSERA_STORE_URL": "file://\(folder.path)/store", "TESSERA_CACHE_FOLDER": "\(folder.path)/cache",
      "TESSERA_WEIGHTS_CACHE": "none", "TESSERA_THREADS": "1", "TESSERA_LEASE_SECONDS": "3",
      "TESSERA_OVERDUE_SECONDS": "10", "TESSERA_GRACE_SECONDS": "10", "TESSERA_LOG_LEVEL": "debug",
    ]) { $1 }.merging(servers?.environment ?? settings.fleet ?? [:]) { $1 }
    let tiny = try TinyCase(in: folder, seed: settings.seed)
    study = Stage.Study(
      image: settings.image ?? tiny.image, model: "chaos", modelFolder: settings.model ?? tiny.model)
  }

  /// A stage for one row.
  func stage(named name: String, seed: UInt64) throws -> Stage {
    let folder = settings.folder.appending(path: "theatre-\(number)").appending(path: name)
    return try Stage(
      servers: servers, folder: folder, executable: settings.executable, compose: settings.compose,
      environment: environment, study: study, spares: spares, seed: seed)
  }

  private func rehearse(_ progress: (String) -> Void) async throws {
    let stage = try stage(named: "baseline", seed: settings.seed)
    do {
      if servers != nil { try await stage.tessera(["migrate", "up"]) }
      try await stage.tessera(["model", "add", study.modelFolder.path, "--name", study.model])
      progress("one worker, without faults")
      try await stage.startFleet()
      let run = try await stage.submit()
      try await stage.awaitEnds(within: 300)
      let row =
        try await stage.ask(
          """
          SELECT r.state, r.label_voxels, (SELECT sum(p.tiles) FROM fleet.passes p WHERE p.run = r.id)
          FROM fleet.runs r WHERE r.id = '\(run)'
          """
        ).first ?? []
      guard row.first == "completed", let digest = row[1], let tiles = row[2].flatMap({ Int($0) }) else {
        throw ChaosError(
          "Without any fault the run \(run) became \(row.first.flatMap { $0 } ?? "nothing"); mend that first.")
      }
      study.expected = digest
      study.tiles = tiles
      spares = try await studies(Self.spareStudies)
      progress("without faults: \(tiles) tiles, label map \(digest)")
    } catch {
      await stage.endProcesses()
      await stage.close()
      throw error
    }
    await stage.endProcesses()
    await stage.close()
  }

  /// Images with random voxels of their own, and what comes of them in one process with one thread, without a fleet and without faults.
  /// - Throws: `ChaosError`.
  func studies(_ count: Int) async throws -> [Stage.Spare] {
    let folder = settings.folder.appending(path: "theatre-\(number)/studies-\(count)")
    let images = folder.appending(path: "images")
    try FileManager.default.createDirectory(at: images, withIntermediateDirectories: true)
    var random = ChaosRandom(seed: settings.seed)
    let names = (0..<count).map { "study\($0)" }
    for name in names {
      try TinyCase.writeImage(to: images.appending(path: "\(name)_0000.nii.gz"), seed: random.next())
    }
    let printed = try await Script.run(
      settings.executable,
      [
        "predict", "-i", images.path, "-o", folder.appending(path: "out").path, "-d", study.modelFolder.path,
        "--disable_tta", "--threads", "1", "--json",
      ], environment: environment)
    struct Report: Decodable {
      var name: String
      var labelSha256: String
    }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let reports = try decoder.decode([Report].self, from: Data(printed.utf8))
    let digests = Dictionary(reports.map { ($0.name, $0.labelSha256) }) { first, _ in first }
    return try names.map { name in
      guard let digest = digests[name] else { throw ChaosError("tessera predict has no result for \(name).") }
      return Stage.Spare(image: images.appending(path: "\(name)_0000.nii.gz"), expected: digest)
    }
  }

  func close() async {
    // When it fails they stay, on loopback and with nothing of value; the next ones have other ports.
    try? await servers?.stop()
  }
}

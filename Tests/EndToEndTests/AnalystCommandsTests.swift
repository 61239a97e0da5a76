import Digests
import FleetContracts
import Foundation
import Glibc
import NiftiIO
import Testing
import Testkit

/// `tessera query`, `compare` and `retention` by the real program on a real database, and the stream of events that others resume.
@Suite(
  .serialized,
  .enabled(if: PrivateServers.areInstalled, "needs rabbitmq-server and postgresql; Compose/install brings them"))
struct AnalystCommandsTests {
  private static let image = Fixtures.directory.appending(path: "Task501/images/colin_small_0000.nii.gz")

  /// One fleet for all: starting servers takes longer than what is tested.
  @Test(.timeLimit(.minutes(5))) func analystsAskCompareAndDropAndOthersFollow() async throws {
    let fleet = try await Fleet()
    let up = try TesseraProcess(["up"], environment: fleet.environment, folder: fleet.folder.url)
    let run = try await fleet.submit(Self.image)
    _ = try await fleet.digest(of: run)
    try await queries(fleet, run)
    try await comparisons(fleet, run)
    try await retention(fleet, run)
    try await streams(fleet, run)
    try await fields(fleet, run)
    try await promises(fleet, run)
    up.send(SIGTERM)
    _ = try await up.finish(within: 60)
  }

  private func fails(_ fleet: Fleet, _ arguments: [String], _ code: Int32, _ word: String?) async throws {
    let result = try await TesseraProcess.run(
      arguments, environment: fleet.environment, folder: fleet.folder.url)
    #expect(result.code == code && word.map(result.log.contains) ?? true, "\(arguments): \(result.code) \(result.log)")
  }

  // MARK: - query

  private func queries(_ fleet: Fleet, _ run: String) async throws {
    struct Entry: Decodable { var name: String }
    let entries = try Fleet.decode([Entry].self, from: try await fleet.succeed(["query", "--json"]))
    #expect(entries.count >= 14)
    for entry in entries {
      let json = try await fleet.succeed(["query", entry.name, "--json"])
      #expect(try JSONSerialization.jsonObject(with: Data(json.utf8)) is [Any], "\(entry.name)")
    }

    // The run's largest label, as psql sees it, and as the three forms of the query tell it.
    let row = try #require(
      try fleet.query(
        "SELECT label_name, round(volume_ml::numeric, 2) FROM analytics.label_volumes WHERE run = '\(run)' ORDER BY volume_ml DESC LIMIT 1"
      ).first
    ).split(separator: "|").map(String.init)
    let ask = ["query", "label-volumes-by-week", "--set", "label=\(row[0])"]
    struct Week: Decodable {
      var labelName: String
      var runs: Int
      var meanMl: Double
    }
    let weeks = try Fleet.decode([Week].self, from: try await fleet.succeed(ask + ["--json"]))
    #expect(weeks.count == 1 && weeks[0].runs == 1 && weeks[0].meanMl == Double(row[1]), "\(weeks) \(row)")
    let csv = try await fleet.succeed(ask + ["--csv"]).components(separatedBy: "\r\n")
    #expect(csv[0] == "week,model,version,label_name,runs,mean_ml,sd_ml,touching_border" && csv[1].contains(row[1]))
    let table = try await fleet.succeed(ask)
    #expect(table.contains("mean_ml") && table.contains(row[1]))

    // What --sql prints is what psql runs.
    let sql = fleet.folder.url.appending(path: "throughput.sql")
    try Data(try await fleet.succeed(["query", "throughput", "--sql", "--set", "days=30"]).utf8).write(to: sql)
    let psql = try Program.run(
      URL(filePath: "/usr/bin/env"),
      ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", fleet.environment["TESSERA_DATABASE_URL"] ?? "", "-f", sql.path])
    #expect(psql.code == 0 && psql.log.contains("|1|0|0|"), "\(psql.log)")

    try await fails(fleet, ["query", "volumes-by-moon"], 64, "tessera query")
    try await fails(fleet, ["query", "throughput", "--set", "weeks=1"], 64, "days")
    try await fails(fleet, ["query", "throughput", "--csv", "--json"], 64, "exclude")
  }

  // MARK: - compare

  private func comparisons(_ fleet: Fleet, _ run: String) async throws {
    let digest = try #require(try fleet.query("SELECT label_map FROM fleet.runs WHERE id = '\(run)'").first)
    let blob = fleet.folder.url.appending(
      path: "store/\(digest.prefix(2))/\(digest.dropFirst(2).prefix(2))/\(digest)")
    let reference = fleet.folder.url.appending(path: "expert.nii.gz")
    try FileManager.default.copyItem(at: blob, to: reference)
    struct Label: Decodable {
      var label: Int
      var dice: Double?
      var hd95Mm: Double?
      var volumeMl: Double
      var referenceVolumeMl: Double
    }
    func compare(_ name: String, _ file: URL) async throws -> [Label] {
      try Fleet.decode(
        [Label].self,
        from: try await fleet.succeed(["compare", run, "--reference", file.path, "--name", name, "--json"]))
    }
    let same = try await compare("expert", reference)
    let present = same.filter { $0.volumeMl > 0 }
    #expect(!present.isEmpty)
    for label in present {
      #expect(label.dice == 1 && label.hd95Mm == 0 && label.volumeMl == label.referenceVolumeMl)
    }

    // A reference that lacks every other voxel of one label: all of it that is left is found, and as much is found that isn't there.
    let map = try LabelMap.load(reference)
    let chosen = try #require(present.max { $0.volumeMl < $1.volumeMl }).label
    let places = map.labels.elements.indices.filter { Int(map.labels.elements[$0]) == chosen }
    for (index, place) in places.enumerated() where index % 2 == 0 { map.labels.elements[place] = 0 }
    let half = fleet.folder.url.appending(path: "half.nii.gz")
    try map.write(to: half)
    let kept = Double(places.count / 2)
    let found = try #require(try await compare("half", half).first { $0.label == chosen })
    #expect(abs(try #require(found.dice) - 2 * kept / (Double(places.count) + kept)) < 1e-12)

    // Again replaces; analysts find both.
    _ = try await compare("expert", reference)
    #expect(
      try fleet.number("SELECT count(*) FROM analytics.comparisons WHERE reference_name = 'expert'")
        == Double(same.count))
    let agreement = try await fleet.succeed(["query", "agreement", "--csv"])
    #expect(agreement.contains(",expert,") && agreement.contains(",half,"))

    let other = Fixtures.directory.appending(path: "demo/images/colin27_0000.nii.gz")
    try await fails(fleet, ["compare", run, "--reference", other.path], 65, "--reference")
    try await fails(fleet, ["compare", run, "--reference", "nowhere.nii.gz"], 65, "nowhere.nii.gz")
    try await fails(
      fleet, ["compare", "0192f0c1-2f3a-7c55-9d0e-3b1f6a7c8d9e", "--reference", reference.path], 65, "tessera status")
  }

  // MARK: - retention

  private struct Month: Decodable {
    var month: String
    var passes: Int
    var unfinished: Int
    var isDropped: Bool
  }

  private func retention(_ fleet: Fleet, _ run: String) async throws {
    // A run of three years ago, as only its rows can be: the model and the pass are the new run's.
    let old = "overlay(fleet.first_id('2023-03-03')::text PLACING '7' FROM 36)::uuid"
    _ = try fleet.query(
      """
      ALTER TABLE fleet.runs DISABLE TRIGGER USER; ALTER TABLE fleet.tiles DISABLE TRIGGER USER;
      INSERT INTO fleet.runs (id, model, model_name, options, request_digest, state, submitted_at, started_at, finished_at, label_map, label_voxels,
        engine, software_version)
      SELECT \(old), model, model_name, options, request_digest, state, '2023-03-03', '2023-03-03', '2023-03-03', label_map, label_voxels, engine,
        software_version FROM fleet.runs WHERE id = '\(run)';
      INSERT INTO fleet.pass_requests (run, position, model, folds, weight)
      SELECT \(old), position, model, folds, weight FROM fleet.pass_requests WHERE run = '\(run)';
      INSERT INTO fleet.passes (id, run, position, model, epoch, document, tiles, accepted)
      SELECT \(old), \(old), position, model, epoch, document, tiles, accepted FROM fleet.passes WHERE run = '\(run)';
      INSERT INTO fleet.tiles (pass, tile, state, attempts, queued_at)
      SELECT \(old), tile, t.state, attempts, '2023-03-03' FROM fleet.tiles t JOIN fleet.passes p ON p.id = t.pass WHERE p.run = '\(run)';
      INSERT INTO fleet.label_statistics (run, label, name, voxels, volume_ml)
      SELECT \(old), label, name, voxels, volume_ml FROM fleet.label_statistics WHERE run = '\(run)';
      ALTER TABLE fleet.runs ENABLE TRIGGER USER; ALTER TABLE fleet.tiles ENABLE TRIGGER USER;
      """)
    let oldRun = try #require(try fleet.query("SELECT \(old)").first)
    let tiles = try fleet.number("SELECT count(*) FROM fleet.tiles")
    let perRun = tiles / 2
    func ask(_ arguments: [String]) async throws -> [Month] {
      try Fleet.decode([Month].self, from: try await fleet.succeed(["retention", "--json"] + arguments))
    }
    #expect(try await ask(["--older-than", "1200"]).isEmpty)
    let trial = try await ask(["--older-than", "0", "--dry-run"])
    #expect(trial.map(\.passes) == [1] && trial.allSatisfy { !$0.isDropped && $0.unfinished == 0 }, "\(trial)")
    #expect(try fleet.number("SELECT count(*) FROM fleet.tiles") == tiles)
    #expect(try await fleet.succeed(["retention", "--older-than", "0", "--dry-run"]).contains("would be dropped"))
    let done = try await ask(["--older-than", "0"])
    #expect(done.map(\.isDropped) == [true] && done.map(\.month) == trial.map(\.month))
    #expect(try fleet.number("SELECT count(*) FROM fleet.tiles") == perRun)
    #expect(try await ask(["--older-than", "0"]).isEmpty)
    // Volumes stay; only looking at single tiles has become impossible.
    #expect(try fleet.number("SELECT count(*) FROM analytics.label_volumes WHERE run = '\(oldRun)'") > 0)
    try await fails(fleet, ["verify", oldRun], 65, "retention")
    #expect(try await fleet.succeed(["verify", run, "--sample", "1"]).contains("same bits"))
    try await fails(fleet, ["retention", "--older-than", "-1"], 64, "older-than")
    _ = try fleet.query("DELETE FROM fleet.runs WHERE id = '\(oldRun)'")
  }

  // MARK: - events

  private struct Told: Equatable {
    var position: Int
    /// `tessera.run.…`
    var type: String
  }

  private static func told(_ text: String) -> [Told] {
    text.components(separatedBy: "\n\n").compactMap { block in
      var (position, type) = (Int?.none, "")
      for line in block.split(separator: "\n") {
        if line.hasPrefix("id: ") { position = Int(line.dropFirst(4)) }
        if line.hasPrefix("event: ") { type = String(line.dropFirst(7)) }
      }
      return position.map { Told(position: $0, type: type) }
    }
  }

  /// Follows `/v1/events` with curl, behind `position`.
  private func follow(_ api: WatchedProcess, behind position: Int?, into file: URL) throws -> Process {
    try Data().write(to: file)
    let curl = Process()
    curl.executableURL = URL(filePath: "/usr/bin/env")
    curl.arguments =
      ["curl", "-sN"] + (position.map { ["-H", "Last-Event-ID: \($0)"] } ?? []) + ["http://\(api.listen)/v1/events"]
    curl.standardOutput = try FileHandle(forWritingTo: file)
    curl.standardInput = FileHandle.nullDevice
    try curl.run()
    return curl
  }

  /// By SIGKILL, as a process that Foundation has started may have SIGTERM blocked: it inherits the mask of the thread that starts it.
  private func end(_ follower: Process) {
    kill(follower.processIdentifier, SIGKILL)
    follower.waitUntilExit()
  }

  private func wait(_ what: String, for count: Int, in file: URL) async throws -> [Told] {
    let deadline = ContinuousClock.now + .seconds(60)
    while true {
      let text = try String(contentsOf: file, encoding: .utf8)
      let told = Self.told(text)
      if text.contains("retry:"), told.count >= count { return told }
      guard ContinuousClock.now < deadline else {
        throw Fleet.Failure(description: "waited in vain for \(what): \(text)")
      }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  private func streams(_ fleet: Fleet, _ run: String) async throws {
    let (api, watched) = (try WatchedProcess(), try WatchedProcess())
    func serve() async throws -> TesseraProcess {
      try await fleet.start(
        "serve", ["--open", "--listen", api.listen, "--http-listen", watched.listen],
        environment: ["TESSERA_LOG_FORMAT": "json", "TESSERA_LOG_LEVEL": "info"])
    }
    func study(_ key: String) async throws {
      let receipt = try await fleet.succeed(["submit", Self.image.path, "--model", "tissue", "--key", key, "--json"])
      struct Receipt: Decodable { var run: String }
      try await fleet.succeed(["cancel", try Fleet.decode(Receipt.self, from: receipt).run])
    }
    try await fleet.succeed(["pause", "--all"])
    let first = try await serve()
    let file = fleet.folder.url.appending(path: "events")
    let follower = try follow(api, behind: nil, into: file)
    _ = try await wait("the stream", for: 0, in: file)
    try await study("secret-key-1")
    let before = try await wait("two events", for: 2, in: file)
    #expect(before.map(\.type) == ["tessera.run.submitted", "tessera.run.cancelled"])
    #expect(await api.get("/v1/runs/\(run)?secret=word").code == 200)
    #expect(await api.get("/v1/nothing/\(run)").code == 404)

    // Counted by operation, and written down with nothing of what was asked for.
    let metrics = try PrometheusText(await watched.get("/metrics").text)
    func count(_ route: String, _ status: String) -> Double? {
      metrics.samples.first {
        $0.name == "tessera_http_requests_total" && $0.labels == ["route": route, "status": status]
      }?.value
    }
    #expect(count("GET /v1/events", "200") == 1)
    #expect(count("GET /v1/runs/{run}", "200") == 1)
    #expect(count("unknown", "404") == 1)
    #expect(
      metrics.samples.contains {
        $0.name == "tessera_http_request_seconds_count" && $0.labels["route"] == "GET /v1/runs/{run}" && $0.value == 1
      })
    let lines = first.logText.split(separator: "\n").filter { $0.contains("request answered") }
    #expect(lines.contains { $0.contains("GET /v1/runs/{run}") && $0.contains("\"status\":\"200\"") }, "\(lines)")
    for line in lines { #expect(!line.contains(run) && !line.contains("secret"), "\(line)") }

    // The server dies, its follower with it; what happens meanwhile isn't missed, and nothing comes twice.
    first.send(SIGKILL)
    follower.waitUntilExit()
    _ = try await first.finish(within: 60)
    try await study("secret-key-2")
    let second = try await serve()
    let resumed = try follow(api, behind: before[1].position, into: file)
    let rest = try await wait("the events that were missed", for: 2, in: file)
    end(resumed)
    #expect(rest.map(\.type) == ["tessera.run.submitted", "tessera.run.cancelled"])
    #expect(rest[0].position > before[1].position)
    let earlier = try follow(api, behind: before[0].position, into: file)
    let three = try await wait("three events", for: 3, in: file)
    end(earlier)
    #expect(three == [before[1]] + rest)
    second.send(SIGTERM)
    #expect(try await second.finish(within: 60).code == 0)
    try await fleet.succeed(["resume", "--all", "--json"])
  }

  // MARK: - --json

  /// What commands print has the fields of the page JSONOutput, and no others.
  private func fields(_ fleet: Fleet, _ run: String) async throws {
    let page = try String(
      contentsOf: Fixtures.repository.appending(path: "Sources/tessera/Tessera.docc/JSONOutput.md"), encoding: .utf8)
    var documented: [String: Set<String>] = [:]
    for row in page.matches(of: #/(?m)^\| `([a-z -]+)` \| (.*) \|$/#) {
      documented[String(row.1)] = Set(row.2.matches(of: #/`([a-z0-9_]+)`/#).map { String($0.1) })
    }
    let report = fleet.folder.url.appending(path: "report.html").path
    for call in [
      ["status"], ["status", run], ["model", "list"], ["model", "show", "tissue"], ["model", "verify", "tissue"],
      ["workers"], ["top"], ["ledger", "check"], ["clean"], ["migrate", "status"], ["migrate", "up"],
      ["migrate", "validate"], ["migrate", "sql"], ["migrate", "roles"], ["pause", "--tenant", "ward7"],
      ["resume", "--tenant", "ward7"], ["token", "create", "script", "--scope", "read"], ["token", "list"],
      ["token", "revoke", "script"], ["webhooks", "add", "http://127.0.0.1:9/x"], ["webhooks", "list"],
      ["webhooks", "deliveries"], ["quarantine", "add", "w", "--reason", "test"], ["quarantine", "ls"],
      ["quarantine", "release", "w"], ["dlq", "ls"], ["query"], ["dictionary", "analytics.label_statistics"],
      ["analyst", "grant", "alice", "--all"], ["analyst", "list"], ["analyst", "revoke", "alice"], ["exit-codes"],
      ["verify", run, "--sample", "0"], ["report", run, "-o", report], ["cancel", run],
    ] {
      let name = try #require(
        [call.prefix(2).joined(separator: " "), call[0]].first { documented[$0] != nil }, "\(call)")
      let output = try await fleet.succeed(call + ["--json"])
      let value = try JSONSerialization.jsonObject(with: Data(output.utf8), options: .fragmentsAllowed)
      let objects = value as? [[String: Any]] ?? (value as? [String: Any]).map { [$0] }
      let keys = Set(try #require(objects, "\(call): \(output)").flatMap(\.keys))
      let known = try #require(documented[name])
      #expect(
        keys.isSubset(of: known),
        "\(call) prints \(keys.subtracting(known).sorted()), which the page JSONOutput doesn't have")
    }
  }

  // MARK: - I9

  private func promises(_ fleet: Fleet, _ run: String) async throws {
    #expect(try fleet.query("SELECT * FROM fleet.ledger_violations") == [])
    // Cleaning takes blobs, and nothing of what was or is to be told.
    let all = "SELECT position, id, run, state FROM fleet.events ORDER BY position"
    let before = try fleet.query(all)
    try await fleet.succeed(["clean", "--keep-tiles", "0s", "--grace", "0s", "--delete"])
    #expect(try fleet.query(all) == before && before.count >= 9)
    try await fleet.succeed(["ledger", "check"])
    _ = try fleet.query(
      "INSERT INTO fleet.events (run, tenant, state, data) SELECT run, tenant, state, data FROM fleet.events WHERE run = '\(run)' AND state = 'completed'"
    )
    #expect(try fleet.query("SELECT broken FROM fleet.violations_i9 WHERE run = '\(run)'").count == 1)
    try await fails(fleet, ["ledger", "check"], 70, nil)
    _ = try fleet.query("DELETE FROM fleet.events WHERE run = '\(run)' AND state = 'completed'")
    #expect(
      try fleet.query("SELECT broken FROM fleet.violations_i9") == ["a run is over, but no event tells those outside"])
  }
}

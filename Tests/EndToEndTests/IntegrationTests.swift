import Foundation
import Testing
import Testkit

/// Other systems hand studies in and hear what becomes of them, by the programs of the page Integration.
@Suite(
  .serialized,
  .enabled(if: PrivateServers.areInstalled, "needs rabbitmq-server and postgresql; Compose/install brings them"),
  .enabled(if: Upstream.hasPika, "needs python3-pika; Compose/install brings it"))
struct IntegrationTests {
  private let images = Fixtures.directory.appending(path: "Task501/images")
  private let image = "colin_small_0000.nii.gz"

  private struct Hook: Decodable {
    var webhook: String
    var secret: String
  }

  private struct Delivery: Decodable {
    var delivery: Int
    var event: String
    var run: String
    var state: String
    var attempts: Int
  }

  private func deliveries(_ fleet: Fleet) async throws -> [Delivery] {
    try Fleet.decode([Delivery].self, from: try await fleet.succeed(["webhooks", "deliveries", "--json"]))
  }

  /// Lines of the receiver's log: event, type and run.
  private func received(_ log: URL) -> [String] {
    ((try? String(contentsOf: log, encoding: .utf8)) ?? "").split(separator: "\n").map(String.init)
  }

  private func waitUntil(_ what: String, within seconds: Double = 60, _ condition: () async throws -> Bool) async throws
  {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while try await !condition() {
      guard ContinuousClock.now < deadline else { throw Fleet.Failure(description: "waited in vain for \(what)") }
      try await Task.sleep(for: .milliseconds(50))
    }
  }

  @Test(.timeLimit(.minutes(5))) func studiesComeByAMQPAndTheirEndsAreToldWhoeverIsKilled() async throws {
    let servers = try PrivateServers()
    let fleet = try await Fleet(on: servers)
    let imports = fleet.folder.url.appending(path: "import")
    try FileManager.default.createDirectory(at: imports, withIntermediateDirectories: true)
    try FileManager.default.copyItem(at: images.appending(path: image), to: imports.appending(path: image))
    try FileManager.default.createSymbolicLink(
      atPath: imports.appending(path: "link").path, withDestinationPath: "/etc/hostname")
    let taking = ["TESSERA_INGEST_FOLDER": imports.path]
    let amqp = try #require(fleet.environment["TESSERA_AMQP_URL"])
    try await fleet.succeed(["migrate", "roles"])
    _ = try fleet.query("ALTER ROLE tessera_analyst PASSWORD 'sesame'")
    try await fleet.succeed(["analyst", "grant", "tessera_analyst", "--tenant", "default"])
    var analyst = try #require(URLComponents(string: fleet.environment["TESSERA_DATABASE_URL"] ?? ""))
    (analyst.user, analyst.password) = ("tessera_analyst", "sesame")
    let analystURL = try #require(analyst.string)

    // A receiver of webhooks, and everything in one process.
    let (port, log) = (try LoopbackPort.free(), fleet.folder.url.appending(path: "received"))
    let hook = try Fleet.decode(
      Hook.self, from: try await fleet.succeed(["webhooks", "add", "http://127.0.0.1:\(port)/hook", "--json"]))
    let settings = ["SECRET": hook.secret, "LOG": log.path, "PORT": "\(port)"]
    let receiverProgram = try Upstream.program(1)
    var receiver = try PythonProcess(receiverProgram, settings)
    let up = try await fleet.start("up", environment: taking, says: "ingest started")

    // The page's client: submits, hears the end, reads millilitres as the analyst.
    let client = try Upstream.program(0)
    let question = [
      "AMQP_URL": amqp, "ANALYST_URL": analystURL, "MODEL": "tissue", "IMAGE": image, "KEY": "study-1",
      "OPTIONS": #"{"mirroring": false}"#,
    ]
    let said = try await Upstream.run(client, question).split(separator: "\n").map(String.init)
    let run = try #require(said.first?.split(separator: " ").last.map(String.init))
    #expect(said.first == "tessera.run.completed \(run)")
    let ledger = try fleet.query(
      "SELECT name || ' ' || round(volume_ml::numeric, 3) FROM fleet.label_statistics WHERE run = '\(run)' ORDER BY label"
    )
    #expect(!ledger.isEmpty && Array(said.dropFirst()) == ledger)
    // Sent once more: the same run, which is over, so only the answer comes.
    let again = try await Upstream.run(Self.submit, question.merging(["TIMES": "5"]) { $1 })
    #expect(Set(again.split(separator: "\n")) == ["\(run) False"])
    #expect(try fleet.query("SELECT count(*) FROM fleet.runs") == ["1"])

    try await waitUntil("the first webhook") { received(log).count == 1 }
    #expect(received(log).first?.hasSuffix("tessera.run.completed \(run)") == true)

    // The receiver dies, then the process that delivers.
    receiver.stop()
    let second = try await Upstream.run(
      Self.submit, question.merging(["KEY": "study-2", "OPTIONS": #"{"mirroring": false, "step_size": 0.6}"#]) { $1 }
    ).split(separator: " ").first.map(String.init)
    let other = try #require(second)
    try await fleet.wait("the second run", until: "SELECT state = 'completed' FROM fleet.runs WHERE id = '\(other)'")
    try await waitUntil("an attempt to deliver") {
      try await deliveries(fleet).first { $0.run == other }?.attempts ?? 0 >= 1
    }
    up.send(SIGKILL)
    _ = try await up.finish()
    receiver = try PythonProcess(receiverProgram, settings)
    let events = try await fleet.start("events")
    try await waitUntil("the second webhook") { received(log).count == 2 }
    #expect(received(log).last?.hasSuffix("tessera.run.completed \(other)") == true)

    // An event is posted twice more: it arrives, and is counted once.
    let told = try #require(try await deliveries(fleet).first { $0.run == other })
    try await waitUntil("the delivery to be noted") {
      try await deliveries(fleet).allSatisfy { $0.state == "delivered" }
    }
    for _ in 0..<2 {
      try await fleet.succeed(["webhooks", "replay", "--event", told.event])
      try await waitUntil("the replay") { try await deliveries(fleet).allSatisfy { $0.state == "delivered" } }
    }
    #expect(try await deliveries(fleet).first { $0.run == other }?.attempts ?? 0 >= told.attempts + 2)
    #expect(received(log).count == 2 && Set(received(log).compactMap { $0.split(separator: " ").first }).count == 2)
    events.send(SIGTERM)
    #expect(try await events.finish(within: 60).code == 0)
    receiver.stop()

    // Every event of the ledger went to the broker, and is none after its schema's heart.
    #expect(try fleet.query("SELECT count(*) FROM fleet.events WHERE published_at IS NULL") == ["0"])
    try await checkParking(fleet, servers, amqp, taking)
    try await checkSchemas(fleet)
  }

  /// What no honest client sends ends in the parked queue, with a reason each, and nowhere else.
  private func checkParking(
    _ fleet: Fleet, _ servers: PrivateServers, _ amqp: String, _ taking: [String: String]
  ) async throws {
    let ingest = try await fleet.start("ingest", environment: taking)
    let said = try await Upstream.run(Self.misbehave, ["AMQP_URL": amqp, "IMAGE": image])
    struct Outcome: Decodable {
      var reasons: [String?]
      var errors: [String]
      var left: Int
    }
    let outcome = try JSONDecoder().decode(Outcome.self, from: Data(said.utf8))
    let words = [
      "can't be read", "priority", "No model nothing", "without . and ..", "outside of the import folder",
      "isn't there",
      "has no image", "study-1", "the tenant ward7, its routing key ward8", "is of type", "names no image",
      "a class statt", "needs 1 image",
    ]
    for word in words {
      #expect(outcome.reasons.contains { $0?.contains(word) == true }, "\(word): \(outcome.reasons)")
    }
    // The one that is too large for this process is parked by the broker, so it has no reason of ours.
    #expect(outcome.reasons.count { $0 == nil } == 1 && outcome.reasons.count == words.count + 1)
    #expect(outcome.errors.count == words.count && outcome.left == 0)
    #expect(
      try fleet.number("SELECT count(*) FROM fleet.dead_letters WHERE queue = 'tessera.ingest'") == Double(words.count))
    #expect(try fleet.query("SELECT count(*) FROM fleet.runs") == ["2"])
    #expect(!ingest.logText.contains("Müller"), "a path of a bad message is in the log")

    // A submission that comes while the database is away waits for it.
    try servers.killDatabase()
    let waiting = Task {
      try await Upstream.run(
        Self.submit,
        [
          "AMQP_URL": amqp, "MODEL": "tissue", "IMAGE": image, "KEY": "study-1", "OPTIONS": #"{"mirroring": false}"#,
        ])
    }
    try await Task.sleep(for: .seconds(1))
    try servers.startDatabase()
    #expect(try await waiting.value.contains("False"))
    #expect(try fleet.query("SELECT count(*) FROM fleet.runs") == ["2"])
    ingest.send(SIGTERM)
    #expect(try await ingest.finish(within: 60).code == 0)
  }

  /// The documents are schemas, and what the fleet has said is valid by them.
  private func checkSchemas(_ fleet: Fleet) async throws {
    guard Upstream.hasSchemas else { return print("skipped: schemas of real messages need python3-jsonschema") }
    let messages = fleet.folder.url.appending(path: "messages.json")
    // As a listener would have got them: the bytes that the program itself makes of the ledger's events.
    let port = try LoopbackPort.free()
    let hook = try Fleet.decode(
      Hook.self,
      from: try await fleet.succeed(
        ["webhooks", "add", "http://127.0.0.1:\(port)/", "--json"]
          + ["submitted", "cancelled", "failed"].flatMap { ["--state", $0] }))
    let receiver = try PythonProcess(Self.keep, ["PORT": "\(port)", "LOG": messages.path])
    let run = try await fleet.submit(images.appending(path: image))
    try await fleet.succeed(["cancel", run])
    let events = try await fleet.start("events")
    try await waitUntil("two webhooks") { received(messages).count == 2 }
    try await fleet.succeed(["webhooks", "remove", hook.webhook])
    events.send(SIGTERM)
    _ = try await events.finish(within: 60)
    receiver.stop()
    let schemas = Fixtures.repository.appending(path: "Sources/FleetContracts/Schemas").path
    let rows = fleet.folder.url.appending(path: "rows.json")
    try Data(try fleet.query("SELECT data::text FROM fleet.events ORDER BY position").joined(separator: "\n").utf8)
      .write(to: rows)
    #expect(
      try await Upstream.run(Self.validate, ["SCHEMAS": schemas, "MESSAGES": messages.path, "ROWS": rows.path])
        .contains("valid"))
  }

  @Test(.timeLimit(.minutes(5))) func aWatchedFolderMakesOneRunOfACaseWhateverHappens() async throws {
    let fleet = try await Fleet()
    let (input, results) = (fleet.folder.url.appending(path: "in"), fleet.folder.url.appending(path: "out"))
    let watch = [input.path, "--results", results.path, "--quiet", "0.5s", "--disable_tta"]
    try FileManager.default.createDirectory(at: input, withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      at: images.appending(path: image), to: input.appending(path: "colin_0000.nii.gz"))
    try Data(#"{"model": "tissue", "class": "stat", "tenant": "ward7"}"#.utf8)
      .write(to: input.appending(path: "colin.json"))
    try Data("not an image, and nobody says of which model".utf8).write(to: input.appending(path: "other_0000.nii.gz"))

    // Dies when the run is in the ledger and the case hasn't been moved.
    let first = try await fleet.start("watch", watch, fault: "submit.committed=kill")
    _ = try await first.finish(within: 60)
    #expect(try fleet.query("SELECT count(*) FROM fleet.runs") == ["1"])
    #expect(FileManager.default.fileExists(atPath: input.appending(path: "colin_0000.nii.gz").path))

    let second = try await fleet.start("watch", watch)
    let done = input.appending(path: "done")
    try await waitUntil("the case to be moved") {
      ["colin_0000.nii.gz", "colin.json"].allSatisfy {
        FileManager.default.fileExists(atPath: done.appending(path: $0).path)
      }
    }
    let reason = input.appending(path: "failed/other.error.txt")
    try await waitUntil("the other case to fail") { FileManager.default.fileExists(atPath: reason.path) }
    #expect(try String(contentsOf: reason, encoding: .utf8).contains("--model"))
    #expect(FileManager.default.fileExists(atPath: input.appending(path: "failed/other_0000.nii.gz").path))
    #expect(try fleet.query("SELECT count(*), min(class), min(tenant) FROM fleet.runs") == ["1|stat|ward7"])

    let up = try await fleet.start("up", says: "worker started")
    try await waitUntil("the label map", within: 120) {
      FileManager.default.fileExists(atPath: results.appending(path: "colin.nii.gz").path)
    }
    let map = try fleet.query("SELECT label_map FROM fleet.runs").first ?? ""
    let hash = "import hashlib, os; print(hashlib.sha256(open(os.environ['FILE'], 'rb').read()).hexdigest(), end='')"
    #expect(try await Upstream.run(hash, ["FILE": results.appending(path: "colin.nii.gz").path]) == map)
    for process in [second, up] {
      process.send(SIGTERM)
      #expect(try await process.finish(within: 60).code == 0)
    }
    #expect(!second.logText.contains("colin"), "a name of a case is in the log")
  }
}

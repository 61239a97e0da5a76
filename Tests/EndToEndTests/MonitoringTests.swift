import Foundation
import Testing
import Testkit

/// What those who watch a fleet see of a real process, while it works and while something is broken.
@Suite(
  .serialized,
  .enabled(if: PrivateServers.areInstalled, "needs rabbitmq-server and postgresql; Compose/install brings them"))
struct MonitoringTests {
  private let image = Fixtures.directory.appending(path: "Task501/images/colin_small_0000.nii.gz")

  @Test(.timeLimit(.minutes(5)))
  func aProcessShowsItsHealthItsCountsAndItsLog() async throws {
    let servers = try PrivateServers()
    let fleet = try await Fleet(on: servers)
    let watched = try WatchedProcess()
    let environment = fleet.environment.merging([
      "TESSERA_LOG_FORMAT": "json", "TESSERA_HTTP_LISTEN": watched.listen, "TESSERA_LOG_LEVEL": "debug",
    ]) { $1 }
    let up = try TesseraProcess(["up"], environment: environment, folder: fleet.folder.url)
    let ready = try await watched.wait(for: 200, at: "/readyz", within: 60)
    for check in ["broker", "ledger", "store", "engine"] { #expect(ready.contains(#""name":"\#(check)""#)) }
    #expect(await watched.get("/startupz").code == 200)
    #expect(await watched.get("/livez").code == 200)

    let run = try await fleet.submit(image)
    _ = try await fleet.digest(of: run)
    let tiles = Double(try await fleet.status(run).plannedTiles)
    let text = try await watched.wait(for: 200, at: "/metrics", within: 60)
    let metrics = try PrometheusText(text)
    #expect(metrics.value("tessera_tiles_total", ["outcome": "accepted"]) == tiles)
    #expect(metrics.value("tessera_tile_phase_seconds_count", ["phase": "infer"]) == tiles)
    #expect(metrics.value("tessera_run_duration_seconds_count", ["class": "routine"]) == 1)
    #expect(metrics.value("tessera_tile_wait_seconds_count", ["class": "routine"]) == tiles)
    let processors = metrics.value("tessera_cpu_seconds_total", ["tenant": "default", "model": "tissue"])
    #expect(try #require(processors) > 0)
    #expect(metrics.value("tessera_dead_letters_open") == 0 && metrics.value("tessera_quarantines") == 0)
    #expect(metrics.value("tessera_dead_letters_total", ["reason": "poison"]) == 0)
    #expect(metrics.value("tessera_stitch_seconds_count") == 1)
    #expect(metrics.value("tessera_prepare_seconds_count") == 1)
    #expect(metrics.value("tessera_broker_connected") == 1)
    #expect(metrics.value("tessera_publish_confirm_seconds_count", ["queue": "tessera.results"]) == tiles)
    #expect(try #require(metrics.value("tessera_blob_bytes_total", ["op": "put", "scheme": "file"])) > 100_000)
    #expect(try #require(metrics.value("process_resident_memory_bytes")) > 1e7)
    #expect(abs(try #require(metrics.value("process_start_time_seconds")) - Date().timeIntervalSince1970) < 300)
    #expect(metrics.value("tessera_runs_total", ["state": "completed", "class": "routine"]) == 1)
    #expect(metrics.value("tessera_outstanding_tiles", ["class": "routine"]) == 0)
    #expect(metrics.value("tessera_ledger_violations", ["invariant": "I5"]) == 0)
    try PrometheusClient.check(text)
    let scale = await watched.get("/v1/scale?drain=60")
    #expect(scale.code == 200)
    #expect(scale.text.contains(#""live_slots":1,"#) && scale.text.contains(#""wanted_slots":0"#))

    try servers.killBroker()
    let broken = try await watched.wait(for: 503, at: "/readyz", within: 60)
    #expect(broken.contains(#""name":"broker","status":"failing""#))
    #expect(await watched.get("/livez").code == 200, "waiting for a server isn't being stuck")
    try servers.startBroker()
    _ = try await watched.wait(for: 200, at: "/readyz", within: 60)
    let after = try PrometheusText(await watched.get("/metrics").text)
    #expect(try #require(after.value("tessera_amqp_reconnects_total")) >= 1)

    up.send(SIGTERM)
    #expect(try await up.finish(within: 60).code == 0)
    try checkLog(up.logText)
  }

  @Test(.timeLimit(.minutes(5)))
  func oneStudyCanBeFollowedThroughAllProcessesAndSeenFromATerminal() async throws {
    let fleet = try await Fleet()
    let dispatcher = try await fleet.start("dispatcher")
    let aggregator = try await fleet.start("aggregator")
    let worker = try await fleet.start("worker")
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    try await fleet.succeed([
      "submit", image.path, "--model", "tissue", "--disable_tta", "--wait", "--class", "stat", "--traceparent",
      "00-\(trace)-00f067aa0ba902b7-01",
    ])
    for (process, message) in [
      (dispatcher, "run prepared"), (worker, "tile predicted"), (aggregator, "tile accepted"),
      (aggregator, "run completed"),
    ] {
      let lines = process.logText.split(separator: "\n").filter { $0.contains(message) }
      #expect(!lines.isEmpty)
      for line in lines { #expect(line.contains("trace_id=\(trace)")) }
    }
    struct Run: Decodable { var traceId: String }
    let runs = try Fleet.decode([Run].self, from: try await fleet.succeed(["status", "--json"]))
    #expect(runs.map(\.traceId) == [trace])

    let picture = try await fleet.succeed(["top", "--once"])
    #expect(picture.contains("tessera top  20"))
    #expect(picture.contains("1 completed"))
    #expect(picture.contains("0 violations  0 conflicts"))
    #expect(picture.contains("running"), "the worker is listed")
    struct Top: Decodable {
      struct Worker: Decodable { var state: String }
      struct Overview: Decodable { var tilesByMinute: [Int] }
      var workers: [Worker]
      var overview: Overview
    }
    let top = try Fleet.decode(Top.self, from: try await fleet.succeed(["top", "--json"]))
    #expect(top.workers.map(\.state) == ["running"])
    #expect(top.overview.tilesByMinute.count == 10 && top.overview.tilesByMinute.reduce(0, +) > 0)
  }

  /// Every line is an object, and none names the image.
  private func checkLog(_ log: String) throws {
    struct Line: Decodable { var time, level, role, message: String }
    let lines = log.split(separator: "\n")
    #expect(lines.count > 10)
    for line in lines {
      let read = try JSONDecoder().decode(Line.self, from: Data(line.utf8))
      #expect(read.role == "up")
      #expect(read.time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil)
    }
    #expect(!log.contains("colin"))
    #expect(!log.contains("password") && !log.contains("postgresql://") && !log.contains("amqp://"))
  }
}

/// Prometheus' own Python library as a second opinion, where it is installed (`pip install prometheus-client`).
enum PrometheusClient {
  static func check(_ text: String) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [
      "python3", "-c",
      """
      import sys
      try:
          from prometheus_client.parser import text_string_to_metric_families
      except ImportError:
          sys.exit(0)
      families = list(text_string_to_metric_families(sys.stdin.read()))
      assert len(families) > 10 and all(f.documentation and f.type != "unknown" for f in families), families
      """,
    ]
    let input = Pipe()
    process.standardInput = input
    try process.run()
    try input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
    try input.fileHandleForWriting.close()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }
}

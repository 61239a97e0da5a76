import Digests
import FleetContracts
import Foundation
import HTTPTypes
import Hummingbird
import PythonJSON
import Testing

@testable import HTTPAPI

/// Looking at runs and getting what they have found.
@Suite struct ResultTests {
  private static let labelMap = (0..<700_000).map { UInt8(truncatingIfNeeded: $0 &* 13 ^ $0 >> 9) }

  @Test func aRunInWorkHasAPlaceInTheQueueAndNoResult() async throws {
    let bench = try await APIBench()
    try await bench.test { (client) async throws in
      let run = try await client.run()
      let shown = try await client.send(.get, "/v1/runs/\(run)").json
      #expect(shown?["state"]?.string == "submitted")
      #expect(shown?["queue"]?["position"]?.integer == 1 && shown?["queue"]?["runs"]?.integer == 1)
      for path in ["labelmap", "probabilities", "properties", "report.json"] {
        let answer = try await client.send(.get, "/v1/runs/\(run)/\(path)")
        #expect(answer.status == 409 && answer.problem == "no-result-yet", "\(path)")
      }
      #expect(try await client.send(.get, "/v1/runs/\(RunID())").problem == "not-found")
      #expect(try await client.send(.get, "/v1/runs/nonsense").problem == "not-found")
    }
  }

  @Test func aCompletedRunIsDownloadedWholeInRangesOrNotAgain() async throws {
    let bench = try await APIBench()
    try await bench.test { (client) async throws in
      let run = try await client.run()
      try await bench.complete(run, labelMap: Self.labelMap)
      let path = "/v1/runs/\(run)/labelmap"
      let whole = try await client.send(.get, path)
      #expect(whole.status == 200 && Array(whole.response.body.readableBytesView) == Self.labelMap)
      let digest = Digest(of: Self.labelMap)
      #expect(whole.response.headers[.eTag] == "\"\(digest)\"")
      #expect(whole.response.headers[.contentType] == "application/gzip")
      #expect(whole.response.headers[.contentLength] == "\(Self.labelMap.count)")
      #expect(whole.response.headers[.contentDisposition] == "attachment; filename=\"\(run).nii.gz\"")
      #expect(try await client.send(.get, path, headers: [.ifNoneMatch: "\"x\", \"\(digest)\""]).status == 304)
      #expect(try await client.send(.head, path).response.headers[.eTag] == "\"\(digest)\"")
      for (range, expected) in [
        ("bytes=0-0", 0..<1), ("bytes=262143-262144", 262_143..<262_145), ("bytes=699990-", 699_990..<700_000),
        ("bytes=-5", 699_995..<700_000), ("bytes=1-9999999999", 1..<700_000),
      ] {
        let part = try await client.send(.get, path, headers: [.range: range])
        #expect(
          part.status == 206 && Array(part.response.body.readableBytesView) == Array(Self.labelMap[expected]),
          "\(range)")
        #expect(
          part.response.headers[.contentRange] == "bytes \(expected.lowerBound)-\(expected.upperBound - 1)/700000")
      }
      #expect(try await client.send(.get, path, headers: [.range: "bytes=700000-"]).status == 416)
      for ignored in ["bytes=5-1", "bytes=0-1,3-4", "lines=1-2", "bytes=-"] {
        #expect(try await client.send(.get, path, headers: [.range: ignored]).status == 200, "\(ignored)")
      }
      #expect(try await client.send(.get, path, headers: [.range: "bytes=0-0", .ifRange: "\"x\""]).status == 200)
      #expect(try await client.send(.get, "/v1/runs/\(run)/probabilities").problem == "not-found")
      let report = try await client.send(.get, "/v1/runs/\(run)/report.json").json
      #expect(report?["outcome"]?["labels"]?.array?.first?["volume_ml"]?.number == 1)
      #expect(try await client.send(.post, "/v1/runs/\(run)/cancel").problem == "run-is-over")
    }
  }

  @Test func runsAreListedByFiltersPageByPage() async throws {
    let bench = try await APIBench()
    try await bench.test { (client) async throws in
      var runs: [String] = []
      for _ in 0..<5 { runs.insert(try await client.run().description, at: 0) }
      _ = try await client.send(.post, "/v1/runs/\(runs[4])/cancel")
      var seen: [String] = []
      var path = "/v1/runs?limit=2"
      while true {
        let page = try #require(try await client.send(.get, path).json)
        seen += page["runs"]?.array?.compactMap { $0["run"]?.string } ?? []
        guard let next = page["next"]?.string else { break }
        path = "/v1/runs?limit=2&cursor=\(next)"
      }
      #expect(seen == runs)
      func count(_ query: String) async throws -> Int? {
        try await client.send(.get, "/v1/runs?\(query)").json?["runs"]?.array?.count
      }
      #expect(try await count("state=cancelled") == 1)
      #expect(try await count("state=cancelled&state=submitted") == 5)
      #expect(try await count("class=stat") == 0)
      #expect(try await count("model=tissue&since=2020-01-01T00:00:00Z") == 5)
      #expect(try await count("until=2020-01-01T00:00:00%2B02:00") == 0)
      for wrong in [
        "state=done", "limit=0", "limit=201", "limit=x", "since=yesterday", "cursor=x", "class=stat&class=batch",
      ] {
        let answer = try await client.send(.get, "/v1/runs?\(wrong)")
        #expect(answer.status == 400 && answer.problem == "bad-request", "\(wrong)")
      }
    }
  }

  @Test func aDeadTileIsReplayedAndAMessageIsNot() async throws {
    let bench = try await APIBench()
    try await bench.ledger.keep(
      QueueMessage(id: "m", type: "unknown", body: Array("{}".utf8)), from: .tiles, reason: "Nobody can read it.")
    try await bench.test { (client) async throws in
      let run = try await client.run()
      let claim = try #require(
        try await bench.ledger.claimSubmittedRun(of: Set(RunClass.allCases), owner: "d", lease: .seconds(60)))
      let plan = PassPlan(document: APIBench.digest("document"), tiles: 1)
      try await bench.ledger.plan(plan, of: claim)
      _ = try await bench.ledger.enqueueTiles(DispatchWindow(inFlight: 10))
      _ = try await bench.ledger.record(
        TileResult(
          job: TileJob(run: run, pass: plan.id, epoch: claim.epoch, tile: 0, attempt: 1, document: plan.document),
          outcome: .failed(kind: .invalid, reason: "It can't be."), worker: "w", engine: "blas/avx512"))
      let letters = try await client.send(.get, "/v1/dead-letters", as: "admin").json?["dead_letters"]?.array ?? []
      #expect(letters.map { $0["content"]?.string } == ["tile", "message"])
      let (tile, message) = (letters[0]["id"]?.integer ?? 0, letters[1]["id"]?.integer ?? 0)
      #expect(try await client.send(.get, "/v1/runs/\(run)").json?["state"]?.string == "failed")
      for _ in 0..<2 {
        let answer = try await client.send(.post, "/v1/dead-letters/\(tile)/replay", as: "admin")
        #expect(answer.status == 200 && answer.json?["state"]?.string == "replayed", "\(answer.text)")
        #expect(answer.json?["settled_by"]?.string == "admin")
      }
      #expect(try await client.send(.get, "/v1/runs/\(run)").json?["state"]?.string == "predicting")
      #expect(
        try await client.send(.post, "/v1/dead-letters/\(message)/replay", as: "admin").problem == "not-replayable")
      #expect(try await client.send(.post, "/v1/dead-letters/999/replay", as: "admin").problem == "not-found")
      #expect(try await client.send(.get, "/v1/dead-letters/0", as: "admin").problem == "not-found")
    }
  }

  @Test func whatNobodyKnowsIsAProblemToo() async throws {
    let bench = try await APIBench()
    try await bench.test { (client) async throws in
      #expect(try await client.send(.get, "/").problem == "not-found")
      #expect(try await client.send(.get, "/v1/nothing").problem == "not-found")
      let answer = try await client.send(.delete, "/v1/runs")
      #expect(answer.status == 405 && answer.problem == "method-not-allowed")
      #expect(answer.response.headers[.allow] == "GET, HEAD, POST")
      let unsupported = try await client.send(.post, "/v1/runs", headers: [.contentType: "text/xml"], body: [1])
      #expect(unsupported.status == 415)
    }
  }

  @Test func aRunIsFollowedFromItsFirstEventToItsLastAndResumed() async throws {
    let bench = try await APIBench()
    try await bench.test { (client) async throws in
      let run = try await client.run()
      try await bench.complete(run)
      let all = try await client.send(.get, "/v1/runs/\(run)/events")
      #expect(all.response.headers[.contentType] == "text/event-stream")
      let events = Self.events(all.text)
      #expect(
        events.compactMap(\.type).filter { $0 != "progress" }
          == ["submitted", "preparing", "predicting", "stitching", "completed"].map { "tessera.run.\($0)" })
      let ids = events.compactMap(\.id)
      #expect(ids == ids.sorted() && Set(ids).count == 5)
      let name = try #require(HTTPField.Name("Last-Event-ID"))
      let rest = try await client.send(.get, "/v1/runs/\(run)/events", headers: [name: "\(ids[2])"])
      #expect(Self.events(rest.text).compactMap(\.id) == Array(ids.suffix(2)))
      let none = try await client.send(.get, "/v1/runs/\(run)/events", headers: [name: "\(ids[4])"])
      #expect(Self.events(none.text).compactMap(\.id).isEmpty)
      let data = try JSONValue(parsing: try #require(events.last { $0.id != nil }).data.utf8)
      #expect(data["data"]?["labels"]?.array?.first?["volume_ml"]?.number == 1)
    }
  }

  private struct Event {
    var id: Int?
    var type: String?
    var data = ""
  }

  private static func events(_ text: String) -> [Event] {
    text.components(separatedBy: "\n\n").compactMap { block in
      var event = Event()
      for line in block.split(separator: "\n") {
        let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
        guard parts.count == 2 else { continue }
        switch parts[0] {
        case "id": event.id = Int(parts[1])
        case "event": event.type = parts[1]
        case "data": event.data = parts[1]
        default: break
        }
      }
      return event.type == nil ? nil : event
    }
  }
}

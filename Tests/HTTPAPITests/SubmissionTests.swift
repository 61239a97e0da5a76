import Digests
import FleetContracts
import Foundation
import HTTPTypes
import Hummingbird
import PythonJSON
import Testing

@testable import HTTPAPI

/// Bringing images and handing in studies.
@Suite struct SubmissionTests {
  private static let image = Digest(of: APIBench.image)
  private static let plain = #"{"model": ["tissue"], "inputs": ["\#(image)"]}"#

  @Test func anImageIsStoredUnderItsDigestAndAnythingElseIsRefused() async throws {
    let bench = try await APIBench()
    try await bench.test { (client) async throws in
      let answer = try await client.put()
      #expect(answer.status == 201)
      #expect(
        answer.json == .object(["sha256": .string(Self.image.hexadecimal), "bytes": .integer(APIBench.image.count)]))
      #expect(answer.response.headers[.location] == "/v1/inputs/\(Self.image)")
      #expect(try await client.send(.get, "/v1/inputs/\(Self.image)").status == 200)
      #expect(try await client.send(.head, "/v1/inputs/\(Self.image)").status == 200)
      #expect(try await client.send(.get, "/v1/inputs/\(APIBench.digest("x"))").problem == "not-found")
      for wrong in [[], [0x1F], Array("PK\u{3}\u{4}zip".utf8), Array("brain.nii.gz".utf8)] as [[UInt8]] {
        #expect(try await client.put(wrong).problem == "invalid", "\(wrong)")
      }
      for header in [[0x5C, 1, 0, 0], [0, 0, 1, 0x5C], [0x1C, 2, 0, 0], [0, 0, 2, 0x1C]] as [[UInt8]] {
        #expect(try await client.put(header + APIBench.image).status == 201, "NIfTI-1 and NIfTI-2 of both byte orders")
      }
      let text = try await client.send(.post, "/v1/inputs", headers: [.contentType: "text/plain"], body: APIBench.image)
      #expect(text.status == 415 && text.problem == "unsupported-media-type")
    }
    #expect(try await bench.store.get(Self.image).copy == APIBench.image)
  }

  @Test func aBodyWithAnotherDigestThanAnnouncedIsRefused() async throws {
    let bench = try await APIBench()
    let field = try #require(HTTPField.Name("Content-Digest"))
    try await bench.test { (client) async throws in
      let cases: [(String, Int, String?)] = [
        (AnnouncedDigest.field(Self.image), 201, nil),
        (AnnouncedDigest.field(APIBench.digest("x")), 422, "digest-mismatch"),
        ("sha-256=:nonsense:", 400, "bad-request"), ("md5=:AAAA:", 201, nil),  // other algorithms aren't looked at
      ]
      for (header, status, problem) in cases {
        let answer = try await client.put(headers: [field: header])
        #expect(answer.status == status && answer.problem == problem, "\(header)")
      }
    }
  }

  @Test func whatIsTooLargeIsRefused() async throws {
    let bench = try await APIBench(limits: APILimits(upload: 50_000))
    try await bench.test { (client) async throws in
      let answer = try await client.put()
      #expect(answer.status == 413 && answer.problem == "too-large")
      #expect(try await client.submit(Self.plain + String(repeating: " ", count: 70_000)).problem == "too-large")
    }
    #expect(try await bench.store.contains(Self.image) == false)
  }

  @Test func aRunIsMadeOfImagesThatAreThere() async throws {
    let bench = try await APIBench()
    try await bench.test { (client) async throws in
      #expect(try await client.submit(Self.plain).problem == "invalid", "the image isn't there")
      _ = try await client.put()
      let answer = try await client.submit(
        #"{"model": ["tissue"], "inputs": ["\#(Self.image)"], "class": "stat", "deadline": "2030-01-31T12:00:00Z", "mirroring": false, "step_size": 0.75, "probabilities": true, "postprocessing": "none", "folds": ["fold_0"]}"#
      )
      #expect(answer.status == 201)
      let id = try #require(RunID(answer.json?["run"]?.string ?? ""))
      #expect(answer.response.headers[.location] == "/v1/runs/\(id)")
      let run = try #require(try await bench.ledger.run(id))
      #expect(run.runClass == .stat && run.tenant.name == "radiology" && run.images == [Self.image])
      #expect(run.deadline == Date(timeIntervalSince1970: 1_896_091_200))
      #expect(
        run.options
          == RunOptions(
            mirroring: false, stepSize: 0.75, savesProbabilities: true, postprocessing: PostprocessingChoice.none))
      #expect(run.passes.map(\.request.folds) == [["fold_0"]])
    }
  }

  @Test(arguments: [
    ("{", "bad-request"), ("[]", "invalid"), ("{}", "invalid"),
    (#"{"model": ["nothing"], "inputs": ["IMAGE"]}"#, "invalid"),
    (#"{"model": "tissue", "inputs": ["IMAGE"]}"#, "invalid"),
    (#"{"model": ["tissue"], "inputs": []}"#, "invalid"),
    (#"{"model": ["tissue"], "inputs": ["IMAGE", "IMAGE"]}"#, "invalid"),
    (#"{"model": ["tissue"], "inputs": ["abc"]}"#, "invalid"),
    (#"{"model": ["tissue"], "inputs": ["IMAGE"], "unknown": 1}"#, "invalid"),
    (#"{"model": ["tissue"], "inputs": ["IMAGE"], "class": "now"}"#, "invalid"),
    (#"{"model": ["tissue"], "inputs": ["IMAGE"], "step_size": 0}"#, "invalid"),
    (#"{"model": ["tissue"], "inputs": ["IMAGE"], "step_size": NaN}"#, "invalid"),
    (#"{"model": ["tissue"], "inputs": ["IMAGE"], "deadline": "tomorrow"}"#, "invalid"),
    (#"{"model": ["tissue", "tissue"], "inputs": ["IMAGE"]}"#, "invalid"),
    (#"{"model": ["tissue"], "weight": [1, 2], "inputs": ["IMAGE"]}"#, "invalid"),
    (#"{"model": ["tissue"], "inputs": ["IMAGE"], "low_resolution": "IMAGE"}"#, "invalid"),
  ])
  func aWrongRequestMakesNoRun(_ json: String, _ problem: String) async throws {
    let bench = try await APIBench()
    try await bench.test { (client) async throws in
      _ = try await client.put()
      let answer = try await client.submit(json.replacing("IMAGE", with: Self.image.hexadecimal))
      #expect(answer.problem == problem, "\(answer.text)")
    }
    #expect(try await bench.ledger.runs(limit: 10).isEmpty)
  }

  @Test func theSameKeyAnswersTheSameInTheSameWordsAndOtherContentIsRefused() async throws {
    let bench = try await APIBench()
    try await bench.test { (client) async throws in
      _ = try await client.put()
      let first = try await client.submit(Self.plain, key: "study-1")
      #expect(first.status == 201)
      let id = try #require(RunID(first.json?["run"]?.string ?? ""))
      try await bench.complete(id)
      for key in ["study-1", "\"study-1\""] {
        let again = try await client.submit(Self.plain, key: key)
        #expect(again.status == 201 && again.text == first.text)
      }
      let other = try await client.submit(
        #"{"model": ["tissue"], "inputs": ["\#(Self.image)"], "mirroring": false}"#, key: "study-1")
      #expect(other.status == 422 && other.problem == "key-conflict")
      _ = try await client.put(as: "stranger")
      #expect(
        try await client.submit(Self.plain, key: "study-1", as: "stranger").json?["run"]?.string != id.description,
        "each tenant has its own keys")
      let without = try await client.submit(Self.plain)
      #expect(without.json?["run"]?.string != id.description)
    }
    #expect(try await bench.ledger.runs(limit: 10).count == 3)
  }

  @Test func aKeyThatIsBeingWorkedOnIsSaidToBe() async throws {
    let keys = IdempotencyKeys()
    let tenant = try Tenant("a")
    try await keys.hold("k", of: tenant) {
      await #expect(throws: Problem.self) { try await keys.hold("k", of: tenant) {} }
      try await keys.hold("l", of: tenant) {}
      try await keys.hold("k", of: Tenant("b")) {}
      try await keys.hold(nil, of: tenant) {}
    }
    try await keys.hold("k", of: tenant) {}
  }

  private static func form(_ parts: [(String, String?, [UInt8])], boundary: String = "b0undary") -> [UInt8] {
    var bytes: [UInt8] = []
    for (name, file, content) in parts {
      let suffix = file.map { "; filename=\"\($0)\"\r\nContent-Type: application/octet-stream" } ?? ""
      bytes +=
        Array("--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\(suffix)\r\n\r\n".utf8) + content
      bytes += Array("\r\n".utf8)
    }
    return bytes + Array("--\(boundary)--\r\n".utf8)
  }

  private static let formHeaders: HTTPFields = [.contentType: "multipart/form-data; boundary=b0undary"]

  @Test func aFormBringsImageAndRunTogether() async throws {
    let bench = try await APIBench()
    try await bench.test { (client) async throws in
      let body = Self.form([
        ("model", nil, Array("tissue".utf8)), ("image", "brain.nii.gz", APIBench.image),
        ("mirroring", nil, Array("false".utf8)),
        ("step_size", nil, Array("0.5".utf8)), ("class", nil, Array("batch".utf8)),
      ])
      let answer = try await client.send(.post, "/v1/runs", headers: Self.formHeaders, body: body)
      #expect(answer.status == 201, "\(answer.text)")
      let id = try #require(RunID(answer.json?["run"]?.string ?? ""))
      let run = try #require(try await bench.ledger.run(id))
      #expect(run.images == [Self.image] && run.runClass == .batch && !run.options.mirroring)
    }
    #expect(try await bench.store.get(Self.image).copy == APIBench.image)
  }

  @Test func aWrongFormMakesNoRun() async throws {
    let bench = try await APIBench()
    try await bench.test { (client) async throws in
      let good: [(String, String?, [UInt8])] = [
        ("model", nil, Array("tissue".utf8)), ("image", "brain.nii.gz", APIBench.image),
      ]
      for (extra, problem) in [
        (("unknown", nil, []), "invalid"), (("image", nil, Array("x".utf8)), "invalid"),
        (("class", "file", Array("stat".utf8)), "invalid"), (("class", nil, Array("now".utf8)), "invalid"),
        (("mirroring", nil, Array("maybe".utf8)), "invalid"), (("image", "x", Array("no image".utf8)), "invalid"),
      ] as [((String, String?, [UInt8]), String)] {
        let answer = try await client.send(
          .post, "/v1/runs", headers: Self.formHeaders, body: Self.form(good + [extra]))
        #expect(answer.problem == problem, "\(extra.0) \(answer.text)")
      }
      let whole = Self.form(good)
      for count in [0, 1, 50, 200, whole.count / 2, whole.count - 5] {
        let answer = try await client.send(
          .post, "/v1/runs", headers: Self.formHeaders, body: Array(whole.prefix(count)))
        #expect(answer.problem == "bad-request", "\(count) bytes: \(answer.text)")
      }
      let unbounded = try await client.send(
        .post, "/v1/runs", headers: [.contentType: "multipart/form-data"], body: whole)
      #expect(unbounded.problem == "bad-request")
    }
    #expect(try await bench.ledger.runs(limit: 10).isEmpty)
  }

  @Test func aStoreThatIsNearlyFullTakesNothing() async throws {
    let bench = try await APIBench(reserve: 2000, free: 1000)
    try await bench.test { (client) async throws in
      let answer = try await client.put()
      #expect(answer.status == 503 && answer.problem == "store-full")
      #expect(answer.response.headers[.retryAfter] == "60")
      #expect(try await client.submit(Self.plain).problem == "store-full")
      #expect(try await client.send(.get, "/v1/runs").status == 200)
    }
  }
}

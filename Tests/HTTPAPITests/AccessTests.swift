import Digests
import FleetContracts
import Foundation
import Hummingbird
import Testing

@testable import HTTPAPI

/// Tokens, scopes and tenants; rates.
@Suite struct AccessTests {
  @Test func withoutAValidTokenNothingIsShown() async throws {
    let bench = try await APIBench()
    _ = try await bench.ledger.revokeAccessToken(named: "reader")
    try await bench.ledger.keep(
      AccessToken(
        name: "old", digest: Digest(of: "old".utf8), tenant: .default, scopes: [.read],
        expiresAt: Date(timeIntervalSinceNow: -1)))
    try await bench.test { (client) async throws in
      for token in [nil, "", "unknown", "reader", "old", "both\u{20}", "BOTH"] where token != "both " {
        let answer = try await client.send(.get, "/v1/models", as: token)
        #expect(answer.status == 401 && answer.problem == "unauthorized", "\(token ?? "none")")
        #expect(answer.response.headers[.wwwAuthenticate] == "Bearer")
      }
      #expect(try await client.send(.get, "/v1/models").status == 200)
      #expect(
        try await client.send(.get, "/v1/models", as: nil, headers: [.authorization: "Basic Ym90aA=="]).status == 401)
      #expect(try await client.send(.get, "/v1/openapi.json", as: nil).status == 200)
    }
  }

  @Test func aScopeOpensWhatItSaysAndAdminOpensAll() async throws {
    let bench = try await APIBench()
    try await bench.test { (client) async throws in
      #expect(try await client.put(as: "reader").problem == "forbidden")
      #expect(try await client.put(as: "submitter").status == 201)
      #expect(try await client.put(as: "admin").status == 201)
      #expect(try await client.send(.get, "/v1/runs", as: "submitter").problem == "forbidden")
      #expect(try await client.send(.get, "/v1/runs", as: "admin").status == 200)
      #expect(try await client.send(.get, "/v1/dead-letters", as: "both").problem == "forbidden")
      #expect(try await client.send(.get, "/v1/dead-letters", as: "admin").status == 200)
    }
  }

  @Test func aTenantSeesAndCancelsItsOwnRunsOnly() async throws {
    let bench = try await APIBench()
    try await bench.test { (client) async throws in
      let run = try await client.run(as: "both")
      for (method, path) in [
        (HTTPRequest.Method.get, "/v1/runs/\(run)"), (.get, "/v1/runs/\(run)/labelmap"),
        (.get, "/v1/runs/\(run)/events"),
        (.get, "/v1/runs/\(run)/report.json"), (.post, "/v1/runs/\(run)/cancel"),
      ] {
        #expect(try await client.send(method, path, as: "stranger").problem == "not-found", "\(path)")
      }
      #expect(try await client.send(.get, "/v1/runs", as: "stranger").json?["runs"]?.array?.count == 0)
      #expect(try await client.send(.get, "/v1/runs?tenant=radiology", as: "stranger").problem == "forbidden")
      #expect(try await client.send(.get, "/v1/queue", as: "stranger").json?["runs_in_work"]?.array?.count == 0)
      #expect(try await client.send(.get, "/v1/queue").json?["runs_in_work"]?.array?.count == 1)
      #expect(try await client.send(.get, "/v1/runs/\(run)", as: "admin").status == 200)
      #expect(try await client.send(.get, "/v1/runs?tenant=surgery", as: "admin").json?["runs"]?.array?.count == 0)
      #expect(try await client.send(.post, "/v1/runs/\(run)/cancel").json?["state"]?.string == "cancelled")
    }
  }

  @Test func anOpenServerServesWhoeverComesButStillRefusesAWrongToken() async throws {
    let bench = try await APIBench(isOpen: true)
    try await bench.test { (client) async throws in
      #expect(try await client.send(.get, "/v1/dead-letters", as: nil).status == 200)
      #expect(try await client.send(.get, "/v1/models", as: "wrong").status == 401)
    }
  }

  @Test func whoAsksTooOftenWaits() async throws {
    let bench = try await APIBench(limits: APILimits(rate: 1, burst: 3))
    try await bench.test { (client) async throws in
      for _ in 0..<3 { #expect(try await client.send(.get, "/v1/models").status == 200) }
      let answer = try await client.send(.get, "/v1/models")
      #expect(answer.status == 429 && answer.problem == "too-many-requests")
      #expect(answer.response.headers[.retryAfter] == "1")
      #expect(try await client.send(.get, "/v1/models", as: "stranger").status == 200, "each token has its own rate")
    }
  }

  @Test func aBucketFillsAgainAtItsRate() throws {
    let limiter = RateLimiter(rate: 10, burst: 2)
    let start = ContinuousClock.now
    try limiter.take(.address("a"), at: start)
    try limiter.take(.address("a"), at: start)
    #expect(throws: Problem.self) { try limiter.take(.address("a"), at: start + .milliseconds(90)) }
    try limiter.take(.address("a"), at: start + .milliseconds(101))
    #expect(throws: Problem.self) { try limiter.take(.address("a"), at: start + .milliseconds(102)) }
    for _ in 0..<2 { try limiter.take(.address("a"), at: start + .seconds(100)) }
    #expect(throws: Problem.self) { try limiter.take(.address("a"), at: start + .seconds(100)) }
  }
}

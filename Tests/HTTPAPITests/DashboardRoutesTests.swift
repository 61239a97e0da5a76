import Digests
import FleetContracts
import FleetInMemory
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import PythonJSON
import Testing

@testable import HTTPAPI

/// What the dashboard gets from its server.
@Suite struct DashboardRoutesTests {
  private let ledger = InMemoryLedger()
  private var services: APIServices {
    APIServices(ledger: ledger, store: InMemoryBlobStore(), reserve: StoreReserve(bytes: 0), version: "1")
  }

  private func send(
    _ path: String, as token: String? = nil, headers: HTTPFields = [:]
  ) async throws -> TestResponse {
    var headers = headers
    if let token { headers[.authorization] = "Bearer \(token)" }
    let fields = headers
    return try await Application(router: APIServer.site(services)).test(.router) { client in
      try await client.execute(uri: path, method: .get, headers: fields) { $0 }
    }
  }

  private func json(_ path: String, as token: String) async throws -> JSONValue {
    let response = try await send(path, as: token)
    #expect(response.status == .ok, "\(path) \(String(buffer: response.body))")
    return try JSONValue(parsing: response.body.readableBytesView)
  }

  @Test func thePageNeedsNoTokenAndMayLoadNothingElse() async throws {
    let page = try await send("/")
    #expect(page.status == .ok && page.headers[.contentType] == "text/html; charset=utf-8")
    let policy = try #require(page.headers[.contentSecurityPolicy])
    #expect(policy.contains("default-src 'none'") && !policy.contains("unsafe") && !policy.contains("*"))
    let tag = try #require(page.headers[.eTag])
    let again = try await send("/", headers: [.ifNoneMatch: tag])
    #expect(again.status == .notModified && again.body.readableBytes == 0)
    for file in ["/app.js", "/viewer.js", "/theme.css", "/icon.svg"] { #expect(try await send(file).status == .ok) }
    #expect(try await send("/app.js.map").status == .notFound)
    #expect(try await send("/v1/fleet").status == .unauthorized)
  }

  @Test func theBoardShowsACallerItsTenantsRunsAndOfOthersOnlyHowMany() async throws {
    let model = ModelRecord(
      name: "tissue", digest: Digest(of: [1]), configuration: "3d_fullres", trainer: "t", channels: 1,
      labels: [LabelName(label: 1, name: "grey")])
    try await ledger.register(model)
    for (token, tenant, scope) in [("reader", "radiology", TokenScope.read), ("chief", "it", .admin)] {
      try await ledger.keep(
        AccessToken(name: token, digest: Digest(of: token.utf8), tenant: Tenant(tenant), scopes: [scope]))
    }
    for (image, tenant) in [(2, "radiology"), (3, "surgery"), (4, "surgery")] as [(UInt8, String)] {
      var submission = Submission(
        images: [Digest(of: [image])], passes: [PassRequest(model: model.digest)], options: RunOptions())
      submission.tenant = try Tenant(tenant)
      _ = try await ledger.submit(submission)
    }
    let own = try await json("/v1/fleet", as: "reader")
    #expect(own["runs"]?.array?.compactMap { $0["tenant"]?.string } == ["radiology"])
    func queue(_ board: JSONValue) -> [String: Int] {
      Dictionary(
        (board["queue"]?.array ?? []).map { ($0["tenant"]?.string ?? "", $0["runs"]?.integer ?? 0) },
        uniquingKeysWith: +)
    }
    #expect(queue(own) == ["radiology": 1, "others": 2])
    #expect(own["open_dead_letters"] == .null)
    let all = try await json("/v1/fleet", as: "chief")
    #expect(all["runs"]?.array?.count == 3 && queue(all) == ["radiology": 1, "surgery": 2])
    #expect(all["open_dead_letters"]?.integer == 0)
    #expect(
      JSONSchema.object(ObjectSchema(name: "", properties: FleetBoard.fields.map(\.property))).mismatches(all).isEmpty)
  }

  @Test func aThroughputHasAsManyStepsAsAsked() async throws {
    try await ledger.keep(
      AccessToken(name: "reader", digest: Digest(of: "reader".utf8), tenant: .default, scopes: [.read]))
    let points = try await json("/v1/throughput?step=hour&steps=48", as: "reader")["points"]?.array
    #expect(points?.count == 48)
    #expect(try await json("/v1/throughput", as: "reader")["points"]?.array?.count == 60)
    for wrong in ["steps=0", "steps=100000", "step=day", "steps=x"] {
      #expect(try await send("/v1/throughput?\(wrong)", as: "reader").status == .badRequest)
    }
  }
}

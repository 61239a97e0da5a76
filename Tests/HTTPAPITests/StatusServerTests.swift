import Exposition
import FleetMetrics
import Foundation
import Hummingbird
import HummingbirdTesting
import Synchronization
import Testing

@testable import HTTPAPI

@Suite struct StatusServerTests {
  /// Something that a test may break.
  private final class Part: Sendable {
    let isGood = Mutex(true)
    var finding: HealthFinding { isGood.withLock { $0 } ? .good("there") : .bad("gone") }
  }

  private struct Report: Decodable {
    struct Check: Decodable, Equatable { var name, status, detail: String }
    var status: String
    var checks: [Check]
  }

  private func status(
    _ checks: [HealthCheck], stuck: Bool = false, isDraining: Bool = false
  ) -> ProcessStatus {
    ProcessStatus(
      readiness: HealthMonitor(checks), liveness: { [("prepare", stuck ? .bad("silent") : .good("moves"))] },
      isDraining: { isDraining }, metrics: MetricsRegistry(FleetMetrics.all),
      samples: { [MetricSample(FleetMetrics.processOpenDescriptors, value: 7)] })
  }

  private func get(_ path: String, _ status: ProcessStatus) async throws -> (Int, Report) {
    try await Application(router: StatusServer.router(status)).test(.router) { client in
      try await client.execute(uri: path, method: .get) { response in
        (response.status.code, try JSONDecoder().decode(Report.self, from: Data(buffer: response.body)))
      }
    }
  }

  @Test func aProcessIsAliveUnlessALoopIsStuck() async throws {
    #expect(try await get("/livez", status([])).0 == 200)
    let (code, report) = try await get("/livez", status([], stuck: true))
    #expect(code == 503)
    #expect(report.checks == [.init(name: "prepare", status: "failing", detail: "silent")])
  }

  @Test func aProcessIsReadyOnceEverythingIsWellAndStopsBeingReadyWhenSomethingBreaks() async throws {
    let part = Part()
    let status = status([HealthCheck("broker", every: .milliseconds(5)) { part.finding }])
    #expect(try await get("/readyz", status).0 == 503, "nobody has looked yet")
    #expect(try await get("/startupz", status).0 == 503)
    let looking = Task { await status.readiness.run() }
    defer { looking.cancel() }
    while !status.readiness.hasStarted { try await Task.sleep(for: .milliseconds(1)) }
    #expect(try await get("/readyz", status).0 == 200)
    part.isGood.withLock { $0 = false }
    while status.readiness.goodFor > .zero { try await Task.sleep(for: .milliseconds(1)) }
    let (code, report) = try await get("/readyz", status)
    #expect(code == 503)
    #expect(report.checks == [.init(name: "broker", status: "failing", detail: "gone")])
    #expect(try await get("/startupz", status).0 == 200, "it has started, whatever happens later")
  }

  @Test func aProcessThatIsBeingStoppedIsAliveButNotReady() async throws {
    let status = status([], isDraining: true)
    #expect(try await get("/readyz", status).0 == 503)
    #expect(try await get("/livez", status).0 == 200)
  }

  @Test func metricsAreServedAsPrometheusText() async throws {
    try await Application(router: StatusServer.router(status([]))).test(.router) { client in
      try await client.execute(uri: "/metrics", method: .get) { response in
        #expect(response.status == .ok)
        #expect(response.headers[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
        #expect(String(buffer: response.body).hasSuffix("\nprocess_open_fds 7\n"))
      }
      for (uri, method) in [("/", HTTPRequest.Method.get), ("/metrics", .post), ("/..%2f..%2fetc/passwd", .get)] {
        try await client.execute(uri: uri, method: method) { #expect([404, 405].contains($0.status.code)) }
      }
    }
  }

  @Test func anAddressIsHostAndPort() throws {
    #expect(try ListenAddress("127.0.0.1:9090").port == 9090)
    #expect(try ListenAddress("[::1]:80").host == "::1")
    #expect(try ListenAddress("[::1]:80").description == "[::1]:80")
    for text in ["", ":80", "localhost", "localhost:", "localhost:65536", "localhost:-1", "::1:80", "a:b:80"] {
      #expect(throws: ListenAddressError.self) { try ListenAddress(text) }
    }
  }

  @Test func anAddressThatIsTakenIsAClearError() async throws {
    let status = status([])
    let taken = Application(
      router: StatusServer.router(status), configuration: .init(address: .hostname("127.0.0.1", port: 0)))
    try await taken.test(.live) { client in
      let port = try #require(client.port)
      let second = StatusServer(
        address: try ListenAddress("127.0.0.1:\(port)"), status: status, logger: .init(label: "test"))
      let error = await #expect(throws: StatusServerError.self) { try await second.run() }
      #expect(error?.description.contains("TESSERA_HTTP_LISTEN") == true)
    }
  }
}

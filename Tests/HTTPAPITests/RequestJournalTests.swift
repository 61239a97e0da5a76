import FleetContracts
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import Synchronization
import Testing

@testable import HTTPAPI

/// The line that each request leaves in the log.
@Suite struct RequestJournalTests {
  /// Keeps what is logged.
  private struct Book: LogHandler {
    final class Pages: Sendable { let lines = Mutex<[Logger.Metadata]>([]) }

    let pages: Pages
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { pages.lines.withLock { $0.append(event.metadata ?? [:]) } }
  }

  @Test func eachRequestLeavesALineWithNothingOfWhatWasSent() async throws {
    let bench = try await APIBench()
    let pages = Book.Pages()
    let logger = Logger(label: "test") { _ in Book(pages: pages) }
    let router = APIServer.site(bench.services, logger: logger)
    let run = try await bench.test { (client) async throws in try await client.run() }
    try await Application(router: router).test(.router) { client in
      let bearer: HTTPFields = [.authorization: "Bearer both"]
      for (uri, status, headers) in [
        ("/v1/runs/\(run)?note=secret", 200, bearer), ("/v1/runs/\(run)", 401, [:]), ("/v1/runs/x", 404, bearer),
        ("/secret/\(run)", 404, [:]), ("/app.js", 200, [:]), ("/v1/runs?limit=secret", 400, bearer),
      ] as [(String, Int, HTTPFields)] {
        try await client.execute(uri: uri, method: .get, headers: headers) {
          #expect($0.status.code == status, "\(uri)")
        }
      }
    }
    let lines = pages.lines.withLock { $0 }
    #expect(
      lines.map { "\($0["route"] ?? "") \($0["status"] ?? "")" } == [
        "GET /v1/runs/{run} 200", "GET /v1/runs/{run} 401", "GET /v1/runs/{run} 404", "unknown 404", "GET /app.js 200",
        "GET /v1/runs 400",
      ])
    #expect(lines.map { $0["caller"]?.description } == ["both", nil, "both", nil, nil, "both"])
    #expect(!"\(lines)".contains("\(run)") && !"\(lines)".contains("secret"))
    #expect(lines.allSatisfy { Int($0["milliseconds"]?.description ?? "") != nil })
  }
}

internal import Exposition
internal import Foundation
internal import Hummingbird
public import Logging
public import ServiceLifecycle

/// The HTTP server of a process: tells those who watch the fleet whether it is alive and ready, and what it has counted.
///
/// | path | answers |
/// |---|---|
/// | `/livez` | 200, or 503 when something inside is stuck and only a restart helps |
/// | `/readyz` | 200, or 503 while a server can't be reached, or while the process is being stopped |
/// | `/startupz` | 200 once the process has been ready |
/// | `/metrics` | Prometheus' text format |
/// | `/v1/scale` | how much work waits and how many slots it wants, for autoscalers |
///
/// Nothing here changes anything, and no answer has patient data or secrets.
public struct StatusServer: Service, CustomStringConvertible {
  /// The service's name in logs.
  public var description: String { "http" }

  private let address: ListenAddress
  private let status: ProcessStatus
  private let logger: Logger

  public init(address: ListenAddress, status: ProcessStatus, logger: Logger) {
    self.address = address
    self.status = status
    self.logger = logger
  }

  /// Serves until the process is asked to stop.
  /// - Throws: `StatusServerError` when the address can't be listened on.
  public func run() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await status.readiness.run() }
      try await address.serve(Self.router(status), logger: logger, started: "answering HTTP requests") {
        StatusServerError(address: address, reason: $0)
      }
      group.cancelAll()
    }
  }

  static func router(_ status: ProcessStatus) -> Router<BasicRequestContext> {
    let router = Router()
    router.get("livez") { _, _ in try json(HealthReport(status.liveness())) }
    router.get("readyz") { _, _ in try json(readiness(status)) }
    router.get("startupz") { _, _ in
      try json(
        status.readiness.hasStarted
          ? HealthReport([("startup", .good("has been ready"))]) : HealthReport(status.readiness.findings))
    }
    router.get("metrics") { _, _ in
      let text = TextExposition.text(status.metrics, samples: await status.samples())
      return Response(
        status: .ok, headers: [.contentType: TextExposition.contentType],
        body: .init(byteBuffer: ByteBuffer(string: text)))
    }
    if let scale = status.scale {
      router.get("v1/scale") { request, _ in
        let drain = try Self.drain(request)
        guard let report = await scale(drain) else {
          return try Self.json(Problem(error: "The ledger hasn't answered lately."), .serviceUnavailable)
        }
        return try Self.json(report, .ok)
      }
    }
    return router
  }

  private static func readiness(_ status: ProcessStatus) -> HealthReport {
    let stopping = status.isDraining() ? [("process", HealthFinding.bad("is being stopped"))] : []
    return HealthReport(stopping + status.readiness.findings)
  }

  /// The query's `drain`, in seconds.
  private static func drain(_ request: Request) throws -> Double? {
    guard let text = request.uri.queryParameters["drain"] else { return nil }
    guard let drain = Double(text), drain >= 1, drain <= 864_000 else {
      throw HTTPError(.badRequest, message: "drain must be a number of seconds from 1 to 864000.")
    }
    return drain
  }

  private struct Problem: Encodable { var error: String }

  private static func json(_ report: HealthReport) throws -> Response {
    try json(report, report.isGood ? .ok : .serviceUnavailable)
  }

  private static func json(_ value: some Encodable, _ status: HTTPResponse.Status) throws -> Response {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    let body = try encoder.encode(value) + Data("\n".utf8)
    return Response(
      status: status, headers: [.contentType: "application/json"], body: .init(byteBuffer: ByteBuffer(bytes: body)))
  }
}

/// The server couldn't begin, or broke down.
public struct StatusServerError: Error, CustomStringConvertible {
  public var address: ListenAddress
  public var reason: String

  public var description: String {
    "HTTP requests can't be answered at \(address): \(reason). Choose another address by TESSERA_HTTP_LISTEN, or end the process that has it."
  }
}

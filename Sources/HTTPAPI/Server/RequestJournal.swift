internal import FleetMetrics
internal import Hummingbird
internal import Logging

/// Counts each request and writes one line of it into the log, with nothing of what was sent: neither paths with their identifiers, nor
/// queries, keys, file names, addresses or tokens.
struct RequestJournal: RouterMiddleware {
  typealias Context = APIContext

  /// What stands for paths and methods that nobody knows, so that no caller can make the number of time series grow.
  private static let unknown = "unknown"

  private let logger: Logger

  init(logger: Logger) { self.logger = logger }

  func handle(
    _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
  ) async throws -> Response {
    let start = ContinuousClock.now
    // A caller that has gone is told nothing, and counts as what some proxies call 499.
    var status = 499
    defer { note(request, context, status: status, after: ContinuousClock.now - start) }
    let response = try await next(request, context)
    status = response.status.code
    return response
  }

  private func note(_ request: Request, _ context: APIContext, status: Int, after time: Duration) {
    // The router has a word of its own for what it doesn't know.
    let path = context.endpointPath.flatMap { $0.hasPrefix("/") ? $0 : nil }
    let route = path.map { "\(request.method.rawValue) \($0)" } ?? Self.unknown
    FleetMetrics.requests.increment(route, "\(status)")
    FleetMetrics.requestSeconds.observe(time, route, "\(status)")
    var metadata: Logger.Metadata = [
      "route": "\(route)", "status": "\(status)", "milliseconds": "\(Int(time / .milliseconds(1)))",
    ]
    if let caller = context.caller.name { metadata["caller"] = "\(caller)" }
    logger.info("request answered", metadata: metadata)
  }
}

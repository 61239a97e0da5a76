internal import Hummingbird

/// Answers every error as a problem, also those of paths and methods that nobody knows.
struct ProblemMiddleware: RouterMiddleware {
  typealias Context = APIContext

  /// Each path's segments (`nil` for a parameter) and methods.
  private let paths: [(segments: [String?], methods: [HTTPRequest.Method])]

  init(_ operations: [Operation]) {
    paths = Dictionary(grouping: operations, by: \.path).map { path, operations in
      let segments = path.split(separator: "/").map { $0.hasPrefix("{") ? nil : String($0) }
      let methods = operations.map(\.method)
      return (segments, methods.contains(.get) ? methods + [.head] : methods)
    }
  }

  func handle(
    _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
  ) async throws -> Response {
    do {
      return try await next(request, context)
    } catch let error as CancellationError {
      throw error
    } catch {
      var problem = Problem(error)
      if problem.kind == .notFound, error is HTTPError, let methods = methods(of: request.uri.path) {
        problem = Problem(.methodNotAllowed, "\(request.method.rawValue) isn't possible here.")
        problem.allowed = methods
      }
      if problem.kind.status.code >= 500 {
        // What will pass by itself is no error of this server.
        context.logger.log(
          level: problem.kind == .internalError ? .error : .warning, "a request couldn't be answered",
          metadata: ["operation": "\(request.method.rawValue) \(context.endpointPath ?? "")", "reason": "\(error)"])
      }
      return problem.response
    }
  }

  private func methods(of path: String) -> [HTTPRequest.Method]? {
    let segments = path.split(separator: "/").map(String.init)
    return paths.first { candidate in
      candidate.segments.count == segments.count
        && zip(candidate.segments, segments).allSatisfy { $0 == nil || $0 == $1 }
    }?.methods
  }
}

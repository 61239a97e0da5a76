internal import FleetContracts
internal import Hummingbird
public import Logging
internal import NIOCore
public import ServiceLifecycle

/// `tessera serve`: the fleet's HTTP API. It needs the ledger and the blob store, not the broker.
public struct APIServer: Service, CustomStringConvertible {
  /// The service's name in logs.
  public var description: String { "api" }

  private let address: ListenAddress
  private let services: APIServices
  private let logger: Logger

  /// A connection on which nothing comes for so long, though something should, is closed.
  private static let idleTimeout = TimeAmount.seconds(60)

  public init(address: ListenAddress, services: APIServices, logger: Logger) {
    self.address = address
    self.services = services
    self.logger = logger
  }

  /// Serves until the process is asked to stop.
  /// - Throws: `ServeError` when the address can't be listened on.
  public func run() async throws {
    try await address.serve(
      Self.site(services, logger: logger), idleTimeout: Self.idleTimeout, backlog: 1024,
      logger: logger, started: "serve started"
    ) { ServeError(address: address, reason: $0) }
  }

  /// The parts of the API. A new part is a new `OperationGroup` in this list.
  static func groups(_ services: APIServices) -> [any OperationGroup] {
    let groups: [any OperationGroup] =
      [
        InputOperations(services), SubmissionOperations(services), RunOperations(services), ResultOperations(services),
        EventOperations(services), ModelOperations(services), FleetOperations(services), DeadLetterOperations(services),
        BoardOperations(services), TrainingOperations(services),
      ] + (services.pictures.map { [PictureOperations(services, pictures: $0)] } ?? [])
    return groups + [DocumentOperations(groups: groups, version: services.version)]
  }

  /// Says nothing.
  private static let silence = Logger(label: "tessera.serve") { _ in SwiftLogNoOpLogHandler() }

  static func router(_ services: APIServices, logger: Logger = silence) -> Router<APIContext> {
    let operations = groups(services).flatMap(\.operations)
    let gate = AccessGate(
      ledger: services.ledger, isOpen: services.isOpen,
      limiter: RateLimiter(rate: Double(services.limits.rate), burst: Double(services.limits.burst)))
    let router = Router(context: APIContext.self, options: .autoGenerateHeadEndpoints)
    router.add(middleware: RequestJournal(logger: logger))
    router.add(middleware: ProblemMiddleware(operations))
    for operation in operations {
      router.on(RouterPath(operation.path), method: operation.method) { request, context in
        let caller = try await gate.admit(request, context, scope: operation.scope)
        context.caller.name = caller.name
        return try await operation.handle(APIRequest(request, operation, caller: caller, context: context))
      }
    }
    return router
  }

  /// The API, and the page that shows the fleet by it.
  static func site(_ services: APIServices, logger: Logger = silence) -> Router<APIContext> {
    let router = router(services, logger: logger)
    DashboardRoutes.add(to: router)
    return router
  }
}

/// The server couldn't begin, or broke down.
public struct ServeError: Error, CustomStringConvertible {
  public var address: ListenAddress
  public var reason: String

  public var description: String {
    "The API can't be served at \(address): \(reason). Choose another address by --listen, or end the process that has it."
  }
}

public import Hummingbird
public import Logging
public import ServiceLifecycle

/// The HTTP server of a process: tells those who watch the fleet whether it is alive.
public struct StatusServer: Service, CustomStringConvertible {
  /// The service's name in logs.
  public var description: String { "http" }

  private let address: BindAddress
  private let logger: Logger

  public init(address: BindAddress, logger: Logger) {
    self.address = address
    self.logger = logger
  }

  /// Serves until the process is asked to stop.
  /// - Throws: when the address can't be listened on.
  public func run() async throws {
    try await Application(
      router: Self.router(), configuration: ApplicationConfiguration(address: address), logger: logger
    ).run()
  }

  /// `GET /livez` answers 200 and `ok`.
  static func router() -> Router<BasicRequestContext> {
    let router = Router()
    router.get("livez") { _, _ in "ok\n" }
    return router
  }
}

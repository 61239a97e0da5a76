internal import Fleet
internal import FleetContracts
internal import Foundation
internal import HTTPAPI
internal import Logging
internal import RunPictures
internal import ServiceLifecycle

/// The process behind `tessera serve`, until SIGTERM or SIGINT.
struct ServeProcess {
  let settings: FleetSettings
  let isOpen: Bool
  let logger: Logger

  /// How long a request waits for a database that is away before it is answered with 503.
  private static let patience = Duration.seconds(3)
  /// More than a role's: many callers ask at once.
  private static let connections = 8

  /// - Throws: `SettingsError` and errors of the adapters when the process can't begin.
  func run() async throws {
    let adapters = FleetAdapters(settings: settings, logger: logger)
    let store = try adapters.store()
    let ledger = try await adapters.ledger(patience: Self.patience, connections: Self.connections)
    do {
      try ServeAccess(address: settings.serve.listen, isOpen: isOpen).check(tokens: try await ledger.accessTokens())
      let vitals = Vitals()
      var services: [ServiceGroupConfiguration.ServiceConfiguration] = []
      if let address = settings.httpListen {
        let watch = ProcessWatch(address: address, vitals: vitals, role: "serve")
        let checks = [
          HealthChecks.store(store, for: "serve-\(ProcessInfo.processInfo.processIdentifier)"),
          HealthChecks.ledger(ledger),
        ]
        let server = StatusServer(
          address: address, status: watch.status(checks, gauges: nil, drain: settings.scaleDrainSeconds), logger: logger
        )
        services.append(.init(service: server, failureTerminationBehavior: .gracefullyShutdownGroup))
        services.append(.init(service: DrainWatch(vitals), successTerminationBehavior: .ignore))
      }
      let server = APIServer(
        address: settings.serve.listen,
        services: APIServices(
          ledger: ledger, store: store, reserve: settings.storeReserve, limits: settings.serve.limits, isOpen: isOpen,
          version: SoftwareVersion.current, pictures: RunPictures(store: store)), logger: logger)
      services.append(
        .init(
          service: server, successTerminationBehavior: .gracefullyShutdownGroup,
          failureTerminationBehavior: .gracefullyShutdownGroup))
      var configuration = ServiceGroupConfiguration(
        services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
      configuration.maximumGracefulShutdownDuration = .seconds(settings.graceSeconds)
      try await ServiceGroup(configuration: configuration).run()
    } catch {
      await ledger.close()
      throw error
    }
    await ledger.close()
  }
}

/// Whether a server may be begun: nobody shall serve patients' images to the world by mistake.
struct ServeAccess {
  let address: ListenAddress
  let isOpen: Bool

  /// - Throws: `SettingsError` that says what to do.
  func check(tokens: [AccessToken], now: Date = Date()) throws {
    if isOpen {
      guard address.isLoopback else {
        throw SettingsError(
          "--open serves whoever comes, so it is for a loopback address only, not for \(address). Make a token by `tessera token create NAME --scope submit --scope read` and leave --open out."
        )
      }
      return
    }
    guard !tokens.contains(where: { $0.isValid(at: now) }) else { return }
    let way = address.isLoopback ? ", or give --open to serve whoever comes on this machine" : ""
    throw SettingsError(
      "There is no valid token, so nobody could use the API at \(address). Make one by `tessera token create NAME --scope submit --scope read`\(way)."
    )
  }
}

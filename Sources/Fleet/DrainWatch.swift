public import ServiceLifecycle

/// Notes that the process is being stopped. As the last of a group's services it hears of it first.
public struct DrainWatch: Service {
  private let vitals: Vitals

  public init(_ vitals: Vitals) { self.vitals = vitals }

  public func run() async throws {
    try? await gracefulShutdown()
    vitals.drain()
  }
}

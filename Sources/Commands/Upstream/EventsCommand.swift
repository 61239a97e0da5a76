internal import ArgumentParser

/// `tessera events`
struct EventsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "events",
    abstract: "Tells other systems what becomes of runs: by RabbitMQ and webhooks; runs until SIGTERM.",
    discussion: """
      Publishes each change of a run's state to the topic exchange tessera.events, with the routing key run.STATE.TENANT, and posts it to the
      tenant's webhooks (`tessera webhooks`). Needs broker and database. Any number may run.

        tessera events --http-listen 127.0.0.1:9094
      """)

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions
  @OptionGroup(title: "Computing") var compute: ComputeOptions

  func run() async throws { try await RoleRunner.run([.events], "events", fleet, compute.flags) }
}

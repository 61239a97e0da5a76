internal import FleetContracts
internal import RabbitMQBroker

extension FleetAdapters {
  /// How long a command waits for the broker to tell the fleet something that it finds out by itself, only later.
  private static let patience = Duration.seconds(3)

  /// Tells all processes of the fleet, as far as the broker is there. Nothing depends on it, so nothing is thrown.
  func announce(_ announcements: [Announcement]) async {
    guard !announcements.isEmpty, let queue = try? queue(connectionName: "tessera announcements") else { return }
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        do {
          try await queue.prepare()
          for announcement in announcements { try await queue.announce(announcement) }
        } catch {}  // the broker is away, or this took too long
      }
      group.addTask { try? await Task.sleep(for: Self.patience) }
      await group.next()
      group.cancelAll()
    }
    await queue.close()
  }
}

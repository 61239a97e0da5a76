internal import FleetContracts
internal import Logging
internal import ServiceLifecycle

/// Writes into the ledger what workers say of themselves: a part of the aggregator.
struct RosterKeeper {
  /// Words in hand at once: a broken connection brings back no more.
  private static let prefetch = 32

  let ledger: any Ledger
  let queue: any JobQueue
  /// The pause after a word that couldn't be written.
  let pause: Duration
  let logger: Logger

  func run() async throws {
    let subscription = try await queue.subscribe(to: .workers, prefetch: Self.prefetch)
    try await withGracefulShutdownHandler {
      while let delivery = try await subscription.next() { try await handle(delivery) }
    } onGracefulShutdown: {
      Task { await subscription.cancel() }
    }
  }

  private func handle(_ delivery: Delivery) async throws {
    let status: WorkerStatus
    do {
      status = try delivery.message.workerStatus()
    } catch {
      logger.error(
        "unreadable status goes to the dead letters",
        metadata: ["message_id": "\(delivery.message.id)", "error": "\(error)"])
      // The broker drops what this queue rejects, as words that have outlived their use must not become dead letters.
      try await queue.publish(delivery.message, to: .dead)
      try? await delivery.acknowledge()
      return
    }
    do {
      try await ledger.note(status)
    } catch {
      logger.warning("status not recorded", metadata: ["worker": "\(status.worker)", "error": "\(error)"])
      try? await delivery.putBack()
      await Pausing.pause(pause)
      return
    }
    try? await delivery.acknowledge()
  }
}

internal import FleetContracts
internal import Logging
internal import ServiceLifecycle

/// Moves what lands in the broker's dead letters into the ledger, where an operator finds it: written first, then acknowledged.
struct DeadLetterIntake: Sendable {
  let ledger: any Ledger
  let queue: any JobQueue
  let settings: ServiceSettings
  let logger: Logger

  /// Dead letters are rare, and their bodies may be larger than what is published.
  private static let prefetch = 8

  func run() async throws {
    let subscription = try await queue.subscribe(to: .dead, prefetch: Self.prefetch)
    try await withGracefulShutdownHandler {
      while let delivery = try await subscription.next() { await take(delivery) }
    } onGracefulShutdown: {
      Task { await subscription.cancel() }
    }
  }

  private func take(_ delivery: Delivery) async {
    let message = delivery.message
    do {
      try await ledger.keep(message, from: delivery.origin, reason: Self.reason(message))
      logger.error(
        "a message that nobody could read is kept as a dead letter", metadata: ["message_id": "\(message.id)"])
    } catch {
      // Not written, so not acknowledged: somebody will try again.
      logger.warning("dead letter not recorded", metadata: ["message_id": "\(message.id)", "error": "\(error)"])
      try? await delivery.putBack()
      await Pausing.pause(settings.pollInterval)
      return
    }
    // One whose acknowledgement is lost comes again and is kept once all the same.
    try? await delivery.acknowledge()
  }

  /// Why the message is here, as this version sees it.
  static func reason(_ message: QueueMessage) -> String {
    guard message.body.count <= QueueMessage.largestBody else {
      return "The message has more than \(QueueMessage.largestBody) bytes; it isn't from Tessera."
    }
    do {
      switch message.type {
      case TileJob.type: _ = try message.tileJob()
      case TileResult.type: _ = try message.tileResult()
      case WorkerStatus.type: _ = try message.workerStatus()
      case TrainingJob.type: _ = try message.trainingJob()
      case TrainingReport.type: _ = try message.trainingReport()
      default:
        return MessageError.unknownType(message.type, expected: "\(TileJob.type) and \(TileResult.type)").description
      }
      return
        "This version can read the message; it was rejected by a process of another version, or the ledger refused it."
    } catch {
      return "\(error)"
    }
  }
}

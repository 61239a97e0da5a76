internal import ArgumentParser
internal import FleetContracts
internal import PostgresLedger

/// `tessera dlq replay`
struct DlqReplayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Sends dead letters on their way again: a dead tile's run goes on, a message is published again.",
    discussion: """
      Do it once the cause is removed. Replaying twice is harmless. The dead tiles of a run are replayed together, with new budgets of
      attempts; tiles that were computed stay.

        tessera dlq replay 17 18
      """)

  @Argument(help: "The letters' numbers, as `tessera dlq ls` prints them.")
  var ids: [Int]

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup(title: "Servers of the fleet") var fleet: FleetOptions

  private struct Report: Encodable {
    /// The letter's number.
    var id: Int
    /// `is replayed`, `has died again` or `was replayed before`.
    var outcome: String
  }

  func run() async throws {
    try await Failures.reported {
      let adapters = try await fleet.adapters(for: "dlq")
      let ledger = try await adapters.ledger()
      var reports: [Report] = []
      for id in ids {
        let letter = try await DlqCommand.letter(id, in: ledger)
        if case .message(let message, let queue) = letter.content, letter.state == .open {
          try await publish(message, to: queue, letter: id, adapters)
        }
        let isNew = try await ledger.replay(letter, by: DlqCommand.user)
        let isOpen = try await ledger.deadLetter(id)?.state == .open
        let outcome = isNew ? "is replayed" : isOpen ? "has died again" : "was replayed before"
        reports.append(Report(id: id, outcome: outcome))
        if !json { Output.line("dead letter \(id) \(outcome)") }
      }
      if json { try Output.json(reports) }
    }
  }

  /// Published before it is noted: whatever is interrupted between the two is published again by the next replay, which is harmless.
  private func publish(_ message: QueueMessage, to queue: QueueName?, letter: Int, _ adapters: FleetAdapters)
    async throws
  {
    let known: QueueName? =
      switch message.type {
      case TileJob.type: .tiles
      case TileResult.type: .results
      case WorkerStatus.type: .workers
      case TrainingJob.type: .trainings
      case TrainingReport.type: .trainingReports
      case StudyRequest.type: .ingest
      default: nil
      }
    guard let target = queue ?? known else {
      throw DeadLetterError.notReplayable(letter, reason: "the broker didn't tell which queue it is from; drop it.")
    }
    guard message.body.count <= target.largestBody else {
      throw DeadLetterError.notReplayable(letter, reason: "it is too large for a message of the fleet; drop it.")
    }
    let broker = try adapters.queue(
      connectionName: "tessera dlq", duties: target == .ingest ? .ingest : .fleet)
    do {
      try await broker.prepare()
      try await broker.publish(message, to: target)
    } catch {
      await broker.close()
      throw error
    }
    await broker.close()
  }
}

internal import FleetContracts
internal import Foundation

extension Scenario {
  private static let hands = 4

  static let deadLetterReplayedTwice = Scenario(
    row: 24,
    fault: "a dead letter is replayed twice, by several at once; one of a cancelled run, one of a dropped letter",
    means:
      "worker.fetched#20=fail:invalid makes two runs fail; \(hands) tessera dlq replay at the same moment, and again later; the second run is cancelled when it goes on; an unreadable message is replayed likewise, then dropped",
    invariants: [
      .everyRunEnds, .oneResult, .sameBits, .nothingAfterCancel, .tilesAddUp, .legalTransitions, .deadLettersMatch,
      .oneCompletion, .fewRepeats,
    ], seconds: 6, isQuick: true, needs: []
  ) { stage in
    try await stage.start(.dispatcher)
    try await stage.start(.aggregator)
    let broken = try await stage.start(.worker, fault: "worker.fetched#20=fail:invalid")
    let mended = try await stage.submit()
    let cancelled = try await stage.submit(spare: 0)
    for run in [mended, cancelled] {
      try await stage.wait("run \(run) to fail") { try await stage.state(of: run) == "failed" }
    }
    // The cause is removed; a healthy worker comes when all replays are over, so that they meet in one state.
    broken.send(15)
    try await stage.wait("the worker to end") { !broken.isRunning }

    let letter = try await stage.letter(of: mended)
    let lost = try await stage.letter(of: cancelled)
    let together = try await stage.replay(letter, times: hands)
    let again = try await stage.replay(letter, times: 1)
    _ = try await stage.replay(lost, times: 1)
    try await stage.tessera(["cancel", cancelled])
    let late = try await stage.command(["dlq", "replay", "\(lost)"])
    try await stage.start(.worker)
    try await stage.awaitEnds()
    let afterwards = try await stage.replay(letter, times: 1)
    let message = try await stage.replayUnreadable(hands: hands)

    let open = try await stage.count(
      "SELECT count(*) FROM fleet.dead_letters WHERE run IN \(stage.runList) AND state <> 'replayed'")
    let dead = try await stage.count(
      "SELECT count(*) FROM fleet.tiles t JOIN fleet.passes p ON p.id = t.pass WHERE p.run IN \(stage.runList) AND t.state = 'dead'"
    )
    let visible = try await stage.count(
      "SELECT count(*) FROM fleet.runs r WHERE r.id = '\(cancelled)' AND (r.state <> 'cancelled' OR r.label_map IS NOT NULL)"
    )
    return try await stage.examine(
      [.everyRunEnds, .oneResult, .sameBits, .tilesAddUp, .legalTransitions, .oneCompletion, .fewRepeats],
      // The broken tile was begun twice in vain; of each run a slot's jobs may be at the broker when it fails, and come again from the backlog.
      repeats: 2 + 2 * 3, cancelled: [cancelled]
    ) + [
      Finding(
        .deadLettersMatch, holds: open == 0 && dead == 0, "\(open) letters that aren't replayed for \(dead) dead tiles"),
      Finding(
        .nothingAfterCancel, holds: visible == 0 && late.exitCode != 0 && late.logText.contains("is cancelled"),
        "the replay of the cancelled run's letter \(late.exitCode == 0 ? "was taken" : "was refused"), the run \(visible == 0 ? "stayed cancelled" : "went on")"
      ),
      Finding(
        "of all replays one has an effect", holds: together == 1 && again == 0 && afterwards == 0,
        "\(together) of \(hands) at once, \(again + afterwards) of 2 later ones"),
      Finding(
        "a message that stays unreadable stays one letter, and a dropped one isn't published again",
        holds: message.letters == 1 && message.isRefused,
        "\(message.letters) letters after \(hands) replays at once; replaying the dropped one was \(message.isRefused ? "refused" : "taken")"
      ),
    ]
  }
}

extension Stage {
  /// The number of the dead letter of a run with one dead tile.
  fileprivate func letter(of run: String) async throws -> Int {
    try await count("SELECT max(id) FROM fleet.dead_letters WHERE run = '\(run)' AND state = 'open'")
  }

  /// Replays a letter by so many processes at once; returns how many of them say that they did it.
  fileprivate func replay(_ letter: Int, times: Int) async throws -> Int {
    let processes = try (0..<times).map { _ in try launchCommand(["dlq", "replay", "\(letter)"]) }
    for process in processes {
      try await wait("\(process.name) to end", within: 120) { !process.isRunning }
      guard process.exitCode == 0 else {
        throw ChaosError("tessera dlq replay ended with \(process.ending): \(process.logText.suffix(300))")
      }
    }
    return processes.count { $0.outputText.contains("is replayed") }
  }

  /// Publishes a message that nobody can read, and replays its letter by several hands at once: each of its copies dies again. Then drops it.
  fileprivate func replayUnreadable(hands: Int) async throws -> (letters: Int, isRefused: Bool) {
    let id = "chaos-\(random)-unreadable"
    try await broker().publish(QueueMessage(id: id, type: TileResult.type, body: [0, 255, 1]), to: .results)
    let condition = "FROM fleet.dead_letters WHERE message_id = '\(id)'"
    try await wait("the message's dead letter") { try await count("SELECT count(*) \(condition)") > 0 }
    let letter = try await count("SELECT max(id) \(condition)")
    _ = try await replay(letter, times: hands)
    // A copy that dies while the letter is open is the same; so what counts is that it's open in the end and nothing is under way.
    try await wait("the message to die again") {
      let isOpen = try await count("SELECT count(*) \(condition) AND state = 'open'") > 0
      let results = try await broker().status(of: .results)
      let dead = try await broker().status(of: .dead)
      return isOpen && results?.ready == 0 && dead?.ready == 0
    }
    try await tessera(["dlq", "drop", "\(letter)"])
    try await tessera(["dlq", "drop", "\(letter)"])
    let late = try await command(["dlq", "replay", "\(letter)"])
    return (try await count("SELECT count(*) \(condition)"), late.exitCode != 0)
  }
}

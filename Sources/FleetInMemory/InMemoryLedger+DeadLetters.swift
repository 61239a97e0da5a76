public import FleetContracts
internal import Foundation

extension InMemoryLedger {
  public func keep(_ message: QueueMessage, from queue: QueueName?, reason: String) async throws {
    let known = deadLetters.firstIndex { letter in
      guard case .message(let kept, _) = letter.content else { return false }
      return kept.id == message.id && kept.body == message.body
    }
    guard let known else { return addLetter(.message(message, queue: queue), reason: reason, worker: nil) }
    guard deadLetters[known].state != .dropped else { return }
    deadLetters[known].state = .open
    deadLetters[known].at = Date()
    deadLetters[known].reason = reason
  }

  public func deadLetters(onlyOpen: Bool, run: RunID?, limit: Int) async throws -> [DeadLetter] {
    Array(
      deadLetters.reversed().filter { (!onlyOpen || $0.state == .open) && (run == nil || $0.run == run) }
        .prefix(max(0, limit)))
  }

  public func deadLetter(_ id: Int) async throws -> DeadLetter? { deadLetters.first { $0.id == id } }

  public func replay(_ known: DeadLetter, by operator: String) async throws -> Bool {
    writeEvents()
    let id = known.id
    let index = try index(ofLetter: id)
    if let run = deadLetters[index].run, runs[run]?.record.state == .cancelled {
      throw DeadLetterError.notReplayable(id, reason: "its run \(run) is cancelled; submit the study again.")
    }
    switch deadLetters[index].state {
    case .replayed: return false
    case .dropped: throw DeadLetterError.notReplayable(id, reason: "it was dropped; submit the study again.")
    case .open: break
    }
    switch deadLetters[index].content {
    case .message:
      guard deadLetters[index].at == known.at else { return false }
      settle(index, .replayed, by: `operator`)
    case .tile(let job, _):
      try reopen(job, letter: id)
      for index in deadLetters.indices where deadLetters[index].run == job.run && deadLetters[index].state != .replayed
      {
        settle(index, .replayed, by: `operator`)
      }
    }
    return true
  }

  public func drop(_ id: Int, by operator: String) async throws -> Bool {
    let index = try index(ofLetter: id)
    switch deadLetters[index].state {
    case .dropped: return false
    case .replayed: throw DeadLetterError.notDroppable(id, reason: "it was replayed before.")
    case .open:
      settle(index, .dropped, by: `operator`)
      return true
    }
  }

  func addLetter(_ content: DeadLetter.Content, reason: String, worker: String?) {
    deadLetters.append(
      DeadLetter(
        id: deadLetters.count + 1, state: .open, content: content, reason: reason, worker: worker, at: Date()))
  }

  private func index(ofLetter id: Int) throws -> Int {
    guard let index = deadLetters.firstIndex(where: { $0.id == id }) else { throw DeadLetterError.unknown(id) }
    return index
  }

  private func settle(_ index: Int, _ state: DeadLetter.State, by operator: String) {
    deadLetters[index].state = state
    deadLetters[index].settledAt = Date()
    deadLetters[index].settledBy = `operator`
  }

  /// Puts the dead tiles of a failed run back into the backlog with new budgets. Jobs that were under way when it failed may have got lost
  /// since, so the tiles that were queued go back too; what still comes of them counts.
  private func reopen(_ job: TileJob, letter: Int) throws {
    guard var run = runs[job.run], run.allows(.replay) else {
      let state = runs[job.run]?.record.state.rawValue ?? "gone"
      throw DeadLetterError.notReplayable(letter, reason: "its run \(job.run) is \(state); submit the study again.")
    }
    try run.take(.replay)
    run.record.failure = nil
    run.record.finishedAt = nil
    runs[job.run] = run
    guard let id = run.passes.last, var pass = passes[id] else { return }
    for index in pass.tiles.indices {
      for attempt in pass.tiles[index].failures.keys { pass.tiles[index].failures[attempt]?.isForgiven = true }
      guard let event = pass.tiles[index].state.eventOfReplay else { continue }
      try pass.tiles[index].state.take(event)
      pass.tiles[index].notBefore = now
      pass.tiles[index].publishedAt = nil
    }
    passes[id] = pass
  }
}

extension TileState {
  fileprivate var eventOfReplay: TileEvent? {
    switch self {
    case .queued: .giveUpForLost
    case .dead: .replay
    case .planned, .done: nil
    }
  }
}

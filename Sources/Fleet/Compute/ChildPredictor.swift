public import FleetContracts
internal import Glibc
public import Logging
internal import Processes
internal import Synchronization

/// One slot of a worker whose tiles are computed by a child process (`ComputeServer`): what kills that process costs its tile one attempt,
/// and neither the worker's connection nor its other slots notice.
///
/// A slot's process is its own. Weights are shared all the same, as long as they come from files of the machine's cache, which all
/// processes map.
public actor ChildPredictor: TilePredicting {
  private let launcher: ComputeLauncher
  private let logger: Logger
  private var child: Conversation?
  /// Processes in a row that ended before they had computed anything.
  private var vainStarts = 0
  private let current = Mutex<ChildProcess?>(nil)
  private var warming: Task<Void, Never>?

  /// The pause before a process is started again that has computed nothing: grows from the first to the last.
  private static let pauses = (first: Duration.milliseconds(100), last: Duration.seconds(30))
  /// Starts in vain for one tile before it is given back as failed for now.
  private static let mostVainStarts = 3
  /// How long a process may take to finish.
  private static let finishing = Duration.seconds(60)

  private struct Conversation {
    var process: ChildProcess
    var lines: AsyncStream<[UInt8]>.AsyncIterator
  }

  public init(launcher: ComputeLauncher, logger: Logger) {
    self.launcher = launcher
    self.logger = logger
  }

  /// The number of the process that computes; `nil` while there is none.
  public nonisolated var processNumber: Int32? {
    current.withLock { $0 }.flatMap { $0.hasEnded ? nil : $0.number }
  }

  /// Starts the process before there is a tile for it; returns when it is ready.
  public func warmUp() async {
    // What is wrong is seen again, and told, with the first tile.
    let task = warming ?? Task { _ = try? await conversation() }
    warming = task
    await task.value
  }

  /// - Throws: `RunFailure` of the kind `poison` or `outOfMemory` when the tile killed the process; `CancellationError`, and then nothing
  ///   computes the tile any more.
  public func predict(_ job: TileJob) async throws -> ComputedTile {
    await warming?.value
    for _ in 0..<Self.mostVainStarts {
      try Task.checkCancellation()
      guard var talk = try await conversation() else { continue }
      child = nil  // put back when it has answered
      let killsBefore = launcher.memoryKills()
      guard talk.process.send(try ComputeRequest.predict(job).line()) else { continue }
      let reply = try await withTaskCancellationHandler {
        try await Self.reply(&talk)
      } onCancel: { [process = talk.process] in
        process.kill()
      }
      switch reply {
      case .computed(let tile):
        (child, vainStarts) = (talk, 0)
        return tile
      case .failed(let failure):
        (child, vainStarts) = (talk, 0)
        throw failure
      case .begun:
        let end = await talk.process.end()
        try Task.checkCancellation()
        throw failure(end, killsBefore: killsBefore)
      case .ready, nil:
        talk.process.kill()
        try Task.checkCancellation()
      }
    }
    throw RunFailure(
      kind: .transient,
      reason:
        "The worker's process that computes tiles has ended \(vainStarts) times without doing so; its log says why.")
  }

  /// Lets the process end when it has written what it has begun to write.
  public func finish() async {
    await warming?.value
    guard let talk = child, talk.process.send((try? ComputeRequest.finish.line()) ?? []) else { return }
    child = nil
    let process = talk.process
    let limit = Task {
      try await Task.sleep(for: Self.finishing)
      process.kill()
    }
    _ = await process.end()
    limit.cancel()
  }

  /// The conversation with a process that is ready; `nil` when it has ended before it was.
  private func conversation() async throws -> Conversation? {
    if let child {
      if !child.process.hasEnded { return child }
      let end = await child.process.end()
      logger.warning("the process that computes has ended", metadata: ["end": "\(end)"])
      self.child = nil
    }
    if vainStarts > 0 { try await Task.sleep(for: Self.pause(after: vainStarts)) }
    vainStarts += 1
    let process: ChildProcess
    do {
      process = try await launcher.start()
    } catch {
      logger.error("the process that computes can't be started", metadata: ["error": "\(error)"])
      return nil
    }
    current.withLock { $0 = process }
    var talk = Conversation(process: process, lines: process.lines.makeAsyncIterator())
    let first = await withTaskCancellationHandler {
      await talk.lines.next()
    } onCancel: {
      process.kill()
    }
    guard let first, case .ready? = try? ComputeReply(line: first) else {
      process.kill()
      let end = await process.end()
      logger.error("the process that computes didn't get ready", metadata: ["end": "\(end)"])
      return nil
    }
    logger.debug("process that computes is ready", metadata: ["process": "\(process.number)"])
    child = talk
    return talk
  }

  /// The last reply to a request; `begun` or `nil` when the process has ended before.
  private static func reply(_ talk: inout Conversation) async throws -> ComputeReply? {
    var last: ComputeReply?
    while let line = await talk.lines.next() {
      let reply = try ComputeReply(line: line)
      guard case .begun = reply else { return reply }
      last = reply
    }
    return last
  }

  /// What a process's death means for the tile that it computed.
  private func failure(_ end: ProcessEnd, killsBefore: Int?) -> RunFailure {
    let killsNow = launcher.memoryKills()
    if case .killed(SIGKILL) = end, let killsBefore, let killsNow, killsNow > killsBefore {
      return RunFailure(
        kind: .outOfMemory,
        reason: "The process that computed the tile was killed for want of memory; it needs a worker with more.")
    }
    return RunFailure(kind: .poison, reason: "The process that computed the tile \(end).")
  }

  /// 0.1 s, 0.4 s, 1.6 s … 30 s.
  static func pause(after starts: Int) -> Duration {
    min(pauses.last, pauses.first * (1 << (2 * min(max(starts, 1) - 1, 8))))
  }
}

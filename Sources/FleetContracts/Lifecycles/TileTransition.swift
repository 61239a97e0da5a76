/// How far a tile has come.
public enum TileState: String, Hashable, Sendable, Codable, CaseIterable {
  /// In the backlog: it waits for room in the broker, or for the pause after a failure to end.
  case planned
  /// In the outbox, at the broker, or with a worker.
  case queued
  /// Its first result is in: for good, unless it turns out to be damaged or from a broken worker before the run ends.
  case done
  /// Given up, and the run with it, until an operator replays it.
  case dead

  public var isFinal: Bool { self == .done || self == .dead }
}

/// What happens to a tile.
public enum TileEvent: String, Hashable, Sendable, CaseIterable {
  /// A job is put into the outbox, with the next attempt's number.
  case enqueue
  /// Its first result is in, of whatever attempt.
  case accept
  /// An attempt has failed, and another may follow.
  case retry
  /// Its job was published long ago and nothing was heard of it.
  case giveUpForLost
  /// An attempt has failed, and no other may follow.
  case die
  /// Its result is damaged, disputed or from a broken worker.
  case takeBack
  /// An operator sends it on its way again.
  case replay
}

/// A step that a tile may take: one line of the tile's state machine.
public struct TileTransition: Hashable, Sendable {
  public var from: TileState
  public var event: TileEvent
  public var to: TileState

  private init(_ from: TileState, _ event: TileEvent, _ to: TileState) {
    self.from = from
    self.event = event
    self.to = to
  }

  /// The whole machine. What isn't here doesn't happen; the trigger `guard_tile` of the database refuses it too.
  ///
  /// A tile that is in the backlog again may still get the result, or the failure, of an earlier attempt.
  public static let all: [TileTransition] = [
    TileTransition(.planned, .enqueue, .queued),
    TileTransition(.planned, .accept, .done),
    TileTransition(.planned, .retry, .planned),
    TileTransition(.planned, .die, .dead),
    TileTransition(.queued, .accept, .done),
    TileTransition(.queued, .retry, .planned),
    TileTransition(.queued, .giveUpForLost, .planned),
    TileTransition(.queued, .die, .dead),
    TileTransition(.done, .takeBack, .planned),
    TileTransition(.dead, .replay, .planned),
  ]
}

extension TileState {
  /// The state after the event; `nil` when it is refused.
  public func after(_ event: TileEvent) -> TileState? {
    TileTransition.all.first { $0.from == self && $0.event == event }?.to
  }

  /// - Throws: `IllegalTransition`; nothing has changed then.
  public mutating func take(_ event: TileEvent) throws(IllegalTransition) {
    guard let next = after(event) else {
      throw IllegalTransition(what: "tile", state: rawValue, event: event.rawValue)
    }
    self = next
  }
}

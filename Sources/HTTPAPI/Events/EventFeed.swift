internal import FleetContracts

/// The newest event's position, for any number of listeners: however many ask, the ledger is asked once in a while.
actor EventFeed {
  /// How often a listener may ask, and how late it may hear of an event.
  static let interval = Duration.milliseconds(250)

  private let ledger: any EventLog
  private var position = 0
  private var askedAt: ContinuousClock.Instant?

  init(_ ledger: any EventLog) { self.ledger = ledger }

  /// - Throws: `LedgerError`.
  func latest() async throws -> Int {
    if let askedAt, ContinuousClock.now - askedAt < Self.interval { return position }
    // Noted before the answer is there, so that those who come meanwhile don't ask too.
    askedAt = .now
    position = max(position, try await ledger.lastEventPosition())
    return position
  }
}

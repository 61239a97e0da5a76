/// Finding tiles that got lost on their way.
public protocol OverdueTiles: Sendable {
  /// Puts tiles that were published too long ago, without a result, back into the backlog. Covers a broker that lost its queues, and a
  /// worker that lost its tile. Returns how many. A tile that was only slow loses nothing: its late result is taken.
  func requeueOverdueTiles(_ rule: OverdueRule) async throws -> Int
}

extension OverdueTiles {
  /// The same for tiles published longer ago than `age`, whatever they cost.
  public func requeueOverdueTiles(olderThan age: Duration) async throws -> Int {
    try await requeueOverdueTiles(OverdueRule(shortest: age, longest: age))
  }
}

/// When a published tile counts as lost.
public struct OverdueRule: Hashable, Sendable {
  /// No tile is overdue earlier, however fast its model is.
  public var shortest: Duration
  /// Every tile is overdue then; also those of models that haven't been measured.
  public var longest: Duration
  /// Between the two: as many times what 99 of 100 tiles of the model stay below (`ModelSpeed.slowest`).
  public var factor: Double
  /// Messages that wait at the broker: as many of the youngest published tiles aren't lost but haven't been begun, until `longest`.
  public var waiting: Int

  public init(shortest: Duration, longest: Duration, factor: Double = 5, waiting: Int = 0) {
    self.shortest = min(shortest, longest)
    self.longest = longest
    self.factor = factor
    self.waiting = waiting
  }

  /// The age from which a tile is overdue.
  /// - Parameters:
  ///   - speed: of its model; `nil` where nothing has been measured.
  ///   - operations: of the tile.
  public func limit(_ speed: ModelSpeed?, operations: Double) -> Duration {
    guard let speed, operations > 0 else { return longest }
    let seconds = factor * speed.slowest * operations
    return seconds < longest.seconds ? max(shortest, .seconds(seconds)) : longest
  }
}

extension Duration {
  /// In seconds.
  public var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}

public import Foundation

/// What the fleet did in a step of time.
public struct ThroughputPoint: Hashable, Sendable {
  /// The step's begin: a whole minute or hour of UTC.
  public var start: Date
  /// Tiles that were accepted.
  public var tiles: Int
  /// Runs that were completed.
  public var runs: Int

  public init(start: Date, tiles: Int, runs: Int) {
    self.start = start
    self.tiles = tiles
    self.runs = runs
  }
}

/// How finely a throughput is counted.
public enum ThroughputStep: String, Hashable, Sendable, Codable, CaseIterable {
  case minute
  case hour

  public var seconds: Int { self == .minute ? 60 : 3600 }
}

/// Looking back at what was done.
public protocol ThroughputObserving: Sendable {
  /// The latest steps in the order of time, also those in which nothing was done; the last one is the one that isn't over.
  /// - Parameter steps: 1 to 10,000.
  func throughput(by step: ThroughputStep, steps: Int) async throws -> [ThroughputPoint]
}

extension ThroughputStep {
  /// The steps that end with the one of `now`, filled from counts by the step's number since 1970.
  public func points(until now: Date, steps: Int, tiles: [Int: Int], runs: [Int: Int]) -> [ThroughputPoint] {
    let last = number(of: now)
    return (last - max(1, steps) + 1...last).map {
      ThroughputPoint(
        start: Date(timeIntervalSince1970: Double($0 * seconds)), tiles: tiles[$0] ?? 0, runs: runs[$0] ?? 0)
    }
  }

  /// The number, since 1970, of the step that `date` lies in.
  public func number(of date: Date) -> Int { Int((date.timeIntervalSince1970 / Double(seconds)).rounded(.down)) }
}

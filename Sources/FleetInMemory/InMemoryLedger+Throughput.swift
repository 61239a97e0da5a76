public import FleetContracts
internal import Foundation

extension InMemoryLedger {
  public func throughput(by step: ThroughputStep, steps: Int) async throws -> [ThroughputPoint] {
    let completed = order.compactMap { runs[$0]?.record }.filter { $0.state == .completed }
    let ends = Dictionary(grouping: completed.compactMap(\.finishedAt), by: step.number(of:)).mapValues(\.count)
    let tiles = Dictionary(
      acceptedByMinute.map { ($0.key * ThroughputStep.minute.seconds / step.seconds, $0.value) }, uniquingKeysWith: +)
    return step.points(until: Date(), steps: steps, tiles: tiles, runs: ends)
  }
}

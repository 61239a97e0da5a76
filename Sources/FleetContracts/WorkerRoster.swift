/// Which workers there are: what they say of themselves, as aggregators have written it down.
public protocol WorkerRoster: Sendable {
  /// Writes down a worker's word. One that is older than what is there changes nothing.
  func note(_ status: WorkerStatus) async throws

  /// All workers of the last 30 days, by name.
  func workers() async throws -> [WorkerRecord]
}

public import Foundation

/// Which runs are wanted; what is `nil` or empty leaves all.
public struct RunFilter: Hashable, Sendable {
  public var states: Set<RunState>
  public var runClass: RunClass?
  public var tenant: Tenant?
  /// What the model was called when the run was submitted; an ensemble's names are joined by ` + `.
  public var model: String?
  /// Submitted at this time or later.
  public var since: Date?
  /// Submitted before this time.
  public var until: Date?

  public init(
    states: Set<RunState> = [], runClass: RunClass? = nil, tenant: Tenant? = nil, model: String? = nil,
    since: Date? = nil, until: Date? = nil
  ) {
    self.states = states
    self.runClass = runClass
    self.tenant = tenant
    self.model = model
    self.since = since
    self.until = until
  }
}

/// Leafing through runs.
public protocol RunListing: Sendable {
  /// The newest first: runs that match `filter` and were submitted before the run `last`. Whoever goes on with the last one of a page sees each
  /// run once, whatever is submitted meanwhile.
  /// - Parameter last: `nil` to begin; a run that isn't there leaves nothing.
  func runs(_ filter: RunFilter, after last: RunID?, limit: Int) async throws -> [RunRecord]
}

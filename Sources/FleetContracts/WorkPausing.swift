public import Foundation

/// Holding back work that isn't wanted for the moment: it stays in the ledger, and what workers have in hand is finished.
public protocol WorkPausing: Sendable {
  /// No run of the scope is prepared or handed to workers from now on. Pausing again keeps the first time.
  func pause(_ scope: PauseScope) async throws
  /// Returns whether the scope was paused.
  @discardableResult
  func resume(_ scope: PauseScope) async throws -> Bool
  /// What is paused, the oldest first.
  func pauses() async throws -> [Pause]
}

/// What can be paused. Scopes are independent: a run goes on when none of those that it belongs to is paused.
public enum PauseScope: Hashable, Sendable {
  case all
  case tenant(Tenant)
  /// Runs with a pass of the model that bears this name at present, or that were submitted under it.
  case model(String)
  case runClass(RunClass)

  /// `all`, `tenant`, `model` or `class`.
  public var kind: String {
    switch self {
    case .all: "all"
    case .tenant: "tenant"
    case .model: "model"
    case .runClass: "class"
    }
  }

  /// What is meant; empty for `all`.
  public var name: String {
    switch self {
    case .all: ""
    case .tenant(let tenant): tenant.name
    case .model(let name): name
    case .runClass(let runClass): runClass.rawValue
    }
  }

  /// `nil` for an unknown kind, or a name that can't be meant.
  public init?(kind: String, name: String) {
    switch kind {
    case "all": self = .all
    case "tenant":
      guard let tenant = try? Tenant(name) else { return nil }
      self = .tenant(tenant)
    case "model": self = .model(name)
    case "class":
      guard let runClass = RunClass(rawValue: name) else { return nil }
      self = .runClass(runClass)
    default: return nil
    }
  }
}

public struct Pause: Hashable, Sendable {
  public var scope: PauseScope
  public var since: Date

  public init(scope: PauseScope, since: Date) {
    self.scope = scope
    self.since = since
  }
}

public import FleetContracts
internal import Foundation

extension InMemoryLedger {
  public func pause(_ scope: PauseScope) async throws {
    if !pausedScopes.contains(where: { $0.scope == scope }) { pausedScopes.append(Pause(scope: scope, since: Date())) }
  }

  @discardableResult
  public func resume(_ scope: PauseScope) async throws -> Bool {
    guard let index = pausedScopes.firstIndex(where: { $0.scope == scope }) else { return false }
    pausedScopes.remove(at: index)
    return true
  }

  public func pauses() async throws -> [Pause] { pausedScopes }

  func isPaused(_ run: Run) -> Bool {
    pausedScopes.contains { pause in
      switch pause.scope {
      case .all: true
      case .tenant(let tenant): tenant == run.record.tenant
      case .runClass(let runClass): runClass == run.record.runClass
      case .model(let name):
        name == run.record.model.name
          || run.record.passes.contains { pass in
            modelNames.contains { $0.name == name && $0.digest == pass.request.model }
          }
      }
    }
  }
}

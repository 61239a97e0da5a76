internal import Digests
public import FleetContracts

extension InMemoryLedger {
  /// As many passes and tiles of a model are looked at, the newest ones.
  private static let (measuredPasses, measuredTiles) = (8, 256)

  public func speeds() async throws -> FleetSpeeds {
    var speeds = FleetSpeeds(models: [:], passOperations: [:])
    for model in modelsByDigest.keys {
      let known = order.flatMap { runs[$0]?.passes ?? [] }.reversed().compactMap { passes[$0] }
        .filter { $0.model == model && $0.tileOperations > 0 }
      let begun = known.filter { $0.tiles.contains { $0.accepted != nil } }.prefix(Self.measuredPasses)
      guard !begun.isEmpty else { continue }
      speeds.passOperations[model] =
        begun.reduce(0) { $0 + Double($1.tiles.count) * $1.tileOperations } / Double(begun.count)
      speeds.models[model] = ModelSpeed(
        begun.flatMap { pass in
          pass.tiles.compactMap(\.accepted).prefix(Self.measuredTiles).map { $0.seconds / pass.tileOperations }
        })
    }
    return speeds
  }

  public func outstandingWork() async throws -> [OutstandingWork] {
    let live = order.compactMap { runs[$0] }.filter { !$0.record.state.isFinal }
    let all = live.flatMap { run in
      run.record.passes.enumerated().map { position, pass in
        let planned = position < run.passes.count ? passes[run.passes[position]] : nil
        return OutstandingWork.Pass(
          runClass: run.record.runClass, model: pass.request.model, modelName: name(of: pass.request.model) ?? "",
          tiles: planned?.tiles.count { $0.state != .done }, tileOperations: planned?.tileOperations ?? 0)
      }
    }
    return OutstandingWork.tally(all, try await speeds())
  }
}

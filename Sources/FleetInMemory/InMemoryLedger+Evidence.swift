internal import Digests
public import FleetContracts

extension InMemoryLedger {
  public func evidence(of id: RunID) async throws -> RunEvidence? {
    guard let run = runs[id] else { return nil }
    return RunEvidence(
      run: record(run), passes: passEvidence(of: run), recordedRoot: run.root, isTrimmed: run.isTrimmed)
  }

  private func passEvidence(of run: Run) -> [RunEvidence.Pass] {
    run.passes.enumerated().compactMap { position, id in
      passes[id].map { pass in
        RunEvidence.Pass(
          id: id, epoch: pass.epoch, model: run.record.passes[position].request.model, document: pass.document,
          tiles: pass.tiles.compactMap(\.accepted).map {
            RunEvidence.Tile(probabilities: $0.probabilities, engine: $0.engine)
          }, plannedTiles: pass.tiles.count)
      }
    }
  }

  /// The root of a run that has just ended.
  func root(of run: Run) -> Digest {
    RunEvidence(run: record(run), passes: passEvidence(of: run), recordedRoot: nil).root
  }

  /// What a process's own ledger was found to have gets lost with it.
  public func note(
    verificationOf run: RunID, tiles: Int, stitched: Bool, findings: [String], version: String
  ) async throws {}
}

internal import Digests
public import FleetContracts
internal import Inference
internal import Kernels
internal import UNet

/// Computes a finished run again, in parts, and compares: its root, its blobs, some of its tiles, its stitch.
///
/// Bits are equal within one engine and instruction set, so each tile is computed by what computed it then, as far as this machine has it.
public struct RunVerifier: Sendable {
  private let store: UnwritingStore
  private let models: ModelLibrary
  private let threads: Int
  private let softwareVersion: String

  public init(store: any BlobStore, models: ModelLibrary, threads: Int, softwareVersion: String) {
    self.store = UnwritingStore(store: store)
    self.models = models
    self.threads = threads
    self.softwareVersion = softwareVersion
  }

  /// - Parameters:
  ///   - sample: tiles to compute again, chosen by `seed`; all where there are no more.
  ///   - stitches: stitches every pass again, and measures.
  ///   - progress: called with what is being done.
  /// - Throws: `RunFailure` for a run that isn't completed; errors that say nothing of the run, such as a store that is away.
  public func verify(
    _ evidence: RunEvidence, sample: Int, seed: UInt64, stitches: Bool, progress: (String) -> Void = { _ in }
  ) async throws -> VerificationReport {
    guard evidence.run.state == .completed else {
      throw RunFailure(
        kind: .invalid,
        reason: "The run \(evidence.run.id) is \(evidence.run.state.rawValue); only a completed run can be verified.")
    }
    var report = VerificationReport(evidence)
    checkRoot(evidence, &report)
    report.findings += evidence.gaps
    try await checkBlobs(of: evidence, &report, progress)
    // What is damaged is known by now; whatever else rests on it can't be computed.
    guard report.findings.isEmpty, !evidence.isTrimmed else { return report }
    var slots: [String: SlotPredictor] = [:]
    for (position, tile) in Self.sample(of: evidence, count: sample, seed: seed) {
      progress("tile \(tile) of pass \(position)")
      try await compute(tile, position, evidence, &slots, &report)
    }
    if stitches {
      for position in evidence.passes.indices {
        progress("stitch of pass \(position)")
        try await stitch(position, evidence, &report)
      }
      report.stitchedPasses = evidence.passes.count
    }
    return report
  }

  private func checkRoot(_ evidence: RunEvidence, _ report: inout VerificationReport) {
    guard let recorded = evidence.recordedRoot else { return }
    guard recorded != report.root else { return }
    report.findings.append(
      "The run's rows were changed since it was completed: their root is \(report.root), it was \(recorded).")
  }

  /// Reading a blob verifies it.
  private func checkBlobs(
    of evidence: RunEvidence, _ report: inout VerificationReport, _ progress: (String) -> Void
  ) async throws {
    var blobs = evidence.blobs
    for pass in evidence.passes where !evidence.isTrimmed {
      do {
        let document = try await PassDocument.get(pass.document, from: store)
        blobs += [document.volume, document.previous?.labels].compactMap { $0 }
      } catch is BlobStoreError {  // found below, where the document is read for itself
      }
    }
    for (index, digest) in blobs.enumerated() {
      if index % 100 == 0 { progress("blob \(index) of \(blobs.count)") }
      do {
        _ = try await store.get(digest)
        report.blobs += 1
      } catch let error as BlobStoreError {
        if case .unavailable = error { throw error }
        report.findings.append("\(error)")
      }
    }
  }

  private static func sample(of evidence: RunEvidence, count: Int, seed: UInt64) -> [(position: Int, tile: Int)] {
    var random = SeededGenerator(seed: seed)
    let all = evidence.passes.enumerated().flatMap { position, pass in
      pass.tiles.indices.map { (position: position, tile: $0) }
    }
    return all.shuffled(using: &random).prefix(max(0, count)).sorted { ($0.position, $0.tile) < ($1.position, $1.tile) }
  }

  // MARK: Tiles

  private func compute(
    _ tile: Int, _ position: Int, _ evidence: RunEvidence, _ slots: inout [String: SlotPredictor],
    _ report: inout VerificationReport
  ) async throws {
    let pass = evidence.passes[position]
    let accepted = pass.tiles[tile]
    let slot =
      try slots[accepted.engine]
      ?? SlotPredictor(
        store: store, models: models, threads: threads,
        memory: MemoryBudget(engine: EngineRequest(meeting: accepted.engine)))
    slots[accepted.engine] = slot
    let job = TileJob(
      run: evidence.run.id, pass: pass.id, epoch: pass.epoch, tile: tile, attempt: 1, document: pass.document)
    let again = try await slot.predict(job)
    var verdict = VerificationReport.Tile.Verdict.same
    if again.probabilities != accepted.probabilities {
      verdict = again.engine == accepted.engine ? .differs : .otherEngine
    }
    report.tiles.append(
      VerificationReport.Tile(
        pass: position, tile: tile, engine: accepted.engine, engineHere: again.engine, verdict: verdict))
    if verdict == .differs {
      report.findings.append(
        "Tile \(tile) of pass \(position) was accepted as \(accepted.probabilities), but \(again.engine) computes "
          + "\(again.probabilities) here: a processor or memory is faulty, there or here.")
    }
  }

  // MARK: Stitch

  private func stitch(
    _ position: Int, _ evidence: RunEvidence, _ report: inout VerificationReport
  ) async throws {
    let pass = evidence.passes[position]
    var run = evidence.run
    for later in position..<run.passes.count { run.passes[later].outcome = nil }
    let work = StitchClaim(
      claim: RunClaim(run: run, epoch: pass.epoch), pass: pass.id, document: pass.document,
      tiles: pass.tiles.map(\.probabilities), timings: [], inferSeconds: 0,
      engines: Set(pass.tiles.map(\.engine)).sorted())
    let stitcher = try CaseStitcher(
      store: store, models: models, threads: threads, softwareVersion: softwareVersion)
    switch try await stitcher.stitch(work) {
    case .pass(let again):
      guard let outcome = evidence.run.passes[position].outcome else { return }
      compare("label map of pass \(position)", outcome.labelVoxels, again.labelVoxels, &report)
      compare("probabilities of pass \(position)", outcome.probabilities, again.probabilities, &report)
    case .run(let again):
      guard let outcome = evidence.run.outcome else { return }
      compare("label map", outcome.labelVoxels, again.labelVoxels, &report)
      for (then, now) in zip(outcome.labels, again.labels) where then != now {
        report.findings.append(
          "Label \(then.label) was measured as \(then.voxels) voxels, \(then.volume) mL; it is \(now.voxels) voxels, "
            + "\(now.volume) mL.")
      }
    case .rejected(let tiles):
      for tile in tiles.keys.sorted() {
        report.findings.append("Tile \(tile) of pass \(position) is damaged, so the pass can't be stitched again.")
      }
    }
  }

  private func compare(_ what: String, _ then: Digest?, _ now: Digest?, _ report: inout VerificationReport) {
    guard then != now else { return }
    report.findings.append(
      "The \(what) was \(then?.hexadecimal ?? "none"); stitched again it is \(now?.hexadecimal ?? "none").")
  }
}

extension EngineRequest {
  /// The request that leads to `engine`, such as `winograd/avx512`, on a machine that has it; any engine on another.
  fileprivate init(meeting engine: String) {
    let words = engine.split(separator: "/").map(String.init)
    let choice = words.first.flatMap(EngineChoice.init(rawValue:)) ?? .automatic
    let set = words.count > 1 && choice != .blas ? InstructionSet.available.first { $0.description == words[1] } : nil
    let isHere = choice == .blas || set != nil
    self.init(isHere ? choice : .automatic, instructionSet: isHere ? set : nil)
  }
}

internal import Digests
internal import FleetContracts
internal import Testing

/// What a random schedule may expect of the ledger: the promises, and nothing of how they are kept.
struct SchedulePromises {
  private struct Run {
    var passes: Int
    /// The newest claim's epoch.
    var epoch = 0
    var completions = 0
    /// The record of a run that is over.
    var end: RunRecord?
  }

  private struct Pass {
    var run: RunID
    var tiles: Int
    var accepted: [Int: Digest] = [:]
    var isFull = false
  }

  /// In the order of submission.
  private(set) var runs: [RunID] = []
  private var known: [RunID: Run] = [:]
  private var passes: [PassID: Pass] = [:]
  private var log: [String] = []
  private(set) var rare = RareEvents()
  /// Whether an operator holds all work back.
  var isPaused = false

  mutating func note(_ step: String) { log.append(step) }

  var allHaveEnded: Bool { known.values.allSatisfy { $0.end != nil } }

  /// I1.
  func expectAllEnded() {
    for (run, facts) in known where facts.end == nil { complain("run \(run) hasn't ended") }
  }

  private func complain(_ what: String) {
    Issue.record("after \(log.count) steps (\(log.suffix(12).joined(separator: ", "))): \(what)")
  }

  private func expect(_ isKept: Bool, _ what: @autoclosure () -> String) { if !isKept { complain(what()) } }

  // MARK: What has happened

  mutating func submitted(_ run: RunID, passes: Int) {
    runs.append(run)
    known[run] = Run(passes: passes)
  }

  /// A claim has a greater epoch than all before it, and nobody gets a run that is over.
  mutating func claimed(_ claim: RunClaim) {
    let before = known[claim.run.id]
    expect(claim.epoch > before?.epoch ?? 0, "a claim has epoch \(claim.epoch) after \(before?.epoch ?? 0)")
    expect(before?.end == nil, "a run that is over was claimed")
    known[claim.run.id]?.epoch = claim.epoch
  }

  /// A stitcher gets all accepted tiles in plan order, of a pass that has them all (I2).
  mutating func claimed(_ work: StitchClaim) {
    claimed(work.claim)
    guard let pass = passes[work.pass] else { return complain("an unknown pass is to be stitched") }
    let expected = (0..<pass.tiles).map { pass.accepted[$0] }
    expect(work.tiles == expected, "the stitcher got other tiles than those that were accepted")
  }

  /// Whoever isn't the holder of the newest claim is fenced.
  mutating func acted(_ claim: RunClaim, wasFenced: Bool) {
    if wasFenced { rare.fencedClaims += 1 }
    guard !wasFenced, let run = known[claim.run.id] else { return }
    expect(claim.epoch == run.epoch, "a claim of epoch \(claim.epoch) was obeyed after one of epoch \(run.epoch)")
    expect(run.end == nil, "a claim was obeyed though its run was over")
  }

  mutating func planned(_ plan: PassPlan, of claim: RunClaim) {
    passes[plan.id] = Pass(run: claim.run.id, tiles: plan.tiles)
  }

  /// No job of a run that is over is handed out (I4).
  func handedOut(_ messages: [OutboxMessage]) throws {
    for job in try messages.map({ try $0.message.tileJob() }) {
      expect(known[job.run]?.end == nil, "a job of a run that is over was handed out")
      expect(passes[job.pass]?.accepted[job.tile] == nil, "a job of a tile that has a result was handed out")
    }
  }

  /// Each tile is accepted once, the last one of a pass and no other completes it, and the rest is dropped for a reason.
  mutating func recorded(_ results: [TileResult], _ receipts: [TileReceipt]) {
    expect(results.count == receipts.count, "\(results.count) results got \(receipts.count) answers")
    for (result, receipt) in zip(results, receipts).sorted(by: { $0.0.isComputed && !$1.0.isComputed }) {
      let before = passes[result.pass]?.accepted[result.tile]
      switch receipt {
      case .accepted(let completesPass):
        expect(before == nil, "tile \(result.tile) was accepted twice")
        expect(known[result.run]?.end == nil, "a result was accepted though its run was over")
        passes[result.pass]?.accepted[result.tile] = Self.probabilities(of: result)
        if completesPass {
          expect(passes[result.pass]?.isFull == false, "a pass was completed twice")
          passes[result.pass]?.isFull = true
        }
      case .duplicate:
        rare.duplicates += 1
        expect(before == Self.probabilities(of: result), "an unknown result was called a duplicate")
      case .dead: rare.deadTiles += 1
      case .stale, .willRetry: break
      default: complain("the answer to an honest result was \(receipt)")
      }
    }
    for pass in Set(results.map(\.pass)) {
      guard let facts = passes[pass] else { continue }
      expect(
        facts.isFull == (facts.accepted.count == facts.tiles && facts.tiles > 0), "a pass isn't full, or is, by mistake"
      )
    }
  }

  mutating func completed(_ work: StitchClaim) {
    let run = work.claim.run
    guard run.position == run.passes.count - 1 else { return }
    known[run.id]?.completions += 1
    expect(known[run.id]?.completions == 1, "a run has two artifacts")
  }

  mutating func cancelled(_ run: RunID, _ state: RunState?) {
    if let end = known[run]?.end {
      expect(state == end.state, "cancelling a run that is \(end.state) answered \(state.map { "\($0)" } ?? "nothing")")
    } else {
      expect(state == .cancelled, "a run that wasn't over wasn't cancelled")
    }
  }

  /// A replay revives a run that had failed for its dead tiles, and no other. A letter that is settled changes nothing.
  mutating func replayed(_ letter: DeadLetter, changed: Bool) {
    expect(changed == (letter.state == .open), "replaying a letter that was \(letter.state) changed \(changed)")
    guard changed, let run = letter.run else { return }
    expect(known[run]?.end?.state == .failed, "a replay revived a run that hadn't failed")
    known[run]?.end = nil
    rare.revivedRuns += 1
  }

  /// No tile twice, so no more than there are.
  mutating func hedged(_ tiles: Int) {
    rare.hedgedTiles += tiles
    expect(
      rare.hedgedTiles <= passes.values.reduce(0) { $0 + $1.tiles },
      "\(rare.hedgedTiles) tiles were dispatched for being late")
  }

  func refusedReplay(of letter: DeadLetter) {
    let state = letter.run.flatMap { known[$0]?.end?.state }
    expect(
      letter.state == .dropped || state == .cancelled,
      "an open letter of a run that is \(state.map { "\($0)" } ?? "not over") wasn't replayed")
  }

  // MARK: What must hold at any moment

  mutating func hold(_ ledger: any Ledger, violations: [String]) async throws {
    expect(violations.isEmpty, "the ledger sees \(violations.joined(separator: "; "))")
    for run in runs {
      guard let record = try await ledger.run(run), let facts = known[run] else {
        complain("run \(run) isn't there any more")
        continue
      }
      if let end = facts.end {
        expect(record == end, "a run that is over has changed")
        continue
      }
      let own = passes.values.filter { $0.run == run }
      expect(record.plannedTiles == own.reduce(0) { $0 + $1.tiles }, "planned tiles were miscounted")
      expect(record.acceptedTiles == own.reduce(0) { $0 + $1.accepted.count }, "accepted tiles were miscounted")
      expect((record.outcome != nil) == (facts.completions == 1), "a run has a result by mistake")
      let history = try await ledger.history(of: run)
      do {
        let replayed = try RunLifecycle(replaying: history, passes: facts.passes)
        expect(replayed.state == record.state, "the history ends as \(replayed.state), the run is \(record.state)")
      } catch {
        complain("\(error)")
      }
      if record.state.isFinal { known[run]?.end = record }
    }
  }

  // MARK: Bits

  /// The same for every attempt of every worker.
  static func probabilities(of job: TileJob) -> Digest { LedgerBench.digest("\(job.document) \(job.tile)") }

  private static func probabilities(of result: TileResult) -> Digest? {
    guard case .computed(let digest, _) = result.outcome else { return nil }
    return digest
  }

  private static func voxels(of work: StitchClaim) -> Digest {
    LedgerBench.digest(work.tiles.map(\.hexadecimal).joined())
  }

  static func outcome(of work: StitchClaim) -> RunOutcome {
    var outcome = LedgerBench.outcome
    outcome.labelVoxels = voxels(of: work)
    outcome.timings = []
    return outcome
  }

  static func passOutcome(of work: StitchClaim) -> PassOutcome {
    PassOutcome(
      labelMap: LedgerBench.digest("label map"), labelVoxels: voxels(of: work), engines: ["blas/avx512"], timings: [])
  }
}

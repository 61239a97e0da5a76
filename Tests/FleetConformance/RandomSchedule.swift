internal import Digests
internal import FleetContracts
internal import Testing

extension SeededGenerator {
  /// True in `percent` of 100 cases.
  fileprivate mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
}

/// The life of a small fleet in one random order: two dispatchers, two aggregators, workers and a broker that loses, repeats, delays and
/// reorders, with crashes between any two steps, leases that end, failures and cancels, and an operator who replays, drops and pauses.
///
/// The seed decides everything, so a broken promise comes again with the same seed and number of steps. The ledger is asked through two
/// connections in turn; what it answers is held against a model that knows nothing but the promises.
struct RandomSchedule {
  /// One thing that happens.
  enum Step: String, CaseIterable {
    case submit, claimRun, plan, abandonRun, failRun
    case enqueue, claimOutbox, publish, markPublished, abandonOutbox
    case loseJob, repeatJob, wipe
    case compute, failTile, repeatResult
    case record, recordWithoutAcknowledging
    case claimStitch, complete, abandonStitch
    case cancel, waitALittle, waitLong, findOverdue, hedge
    case replay, drop, pause, resume

    /// How often it happens, compared with others.
    var weight: Int {
      switch self {
      case .failRun, .wipe, .abandonOutbox, .cancel, .drop, .pause: 1
      case .submit, .abandonRun, .abandonStitch, .loseJob, .repeatJob, .repeatResult, .waitLong, .resume: 2
      case .recordWithoutAcknowledging, .waitALittle, .findOverdue, .hedge: 3
      case .replay, .failTile, .claimRun, .plan, .enqueue, .claimOutbox, .markPublished, .claimStitch, .complete: 6
      case .publish, .compute, .record: 10
      }
    }
  }

  static let window = 12
  private static let manySlots = 100
  static let overdue = Duration.seconds(100)
  private static let largestRuns = 8
  private static let choices = Step.allCases.flatMap { Array(repeating: $0, count: $0.weight) }

  let bench: LedgerBench
  let ledgers: [any Ledger]
  var random: SeededGenerator
  var promises = SchedulePromises()

  // What is in the hands of processes, and in the broker.
  private var preparing: [RunClaim] = []
  private var stitching: [StitchClaim] = []
  private var publishing: [OutboxMessage] = []
  private var published: [OutboxMessage] = []
  private var jobs: [TileJob] = []
  private var results: [TileResult] = []

  init(seed: UInt64, bench: LedgerBench) async throws {
    self.bench = bench
    random = SeededGenerator(seed: seed)
    ledgers = [try await bench.ledger(), try await bench.ledger()]
    try await ledgers[0].register(LedgerBench.model)
  }

  /// One of the two connections: any process may have either.
  mutating func ledger() -> any Ledger { ledgers[random.chance(50) ? 0 : 1] }

  mutating func pick<Element>(_ elements: [Element]) -> Int? {
    elements.isEmpty ? nil : Int.random(in: elements.indices, using: &random)
  }

  // MARK: Running

  /// Takes `steps` random steps and then goes on without faults until every run has ended.
  @discardableResult
  mutating func run(steps: Int) async throws -> RareEvents {
    for _ in 0..<steps { try await take(Self.choices.randomElement(using: &random) ?? .waitALittle) }
    for _ in 0..<40 where !promises.allHaveEnded { try await settle() }
    promises.expectAllEnded()
    return promises.rare
  }

  private mutating func take(_ step: Step) async throws {
    promises.note(step.rawValue)
    try await perform(step)
    try await promises.hold(ledgers[0], violations: try await bench.violations())
  }

  /// One round of a fleet in which nothing goes wrong any more.
  private mutating func settle() async throws {
    jobs = []
    preparing = []
    stitching = []
    publishing = []
    published = []
    for step in [Step.resume, .waitLong, .findOverdue, .claimRun, .plan, .enqueue, .claimOutbox] {
      try await take(step)
    }
    while !publishing.isEmpty { try await take(.publish) }
    while !published.isEmpty { try await take(.markPublished) }
    while !jobs.isEmpty { try await take(.compute) }
    while !results.isEmpty { try await take(.record) }
    for step in [Step.claimStitch, .complete] { try await take(step) }
  }

  // MARK: Steps

  private mutating func perform(_ step: Step) async throws {
    switch step {
    case .submit: try await submit()
    case .claimRun:
      let isPaused = promises.isPaused
      if let claim = try await ledger().claimSubmittedRun(owner: owner(), lease: LedgerBench.lease) {
        #expect(!isPaused || claim.run.state == .preparing, "a run was taken up in a pause")
        promises.claimed(claim)
        preparing.append(claim)
      }
    case .plan: try await plan()
    case .abandonRun: try await abandonRun()
    case .failRun:
      guard let index = pick(preparing) else { return }
      let claim = preparing.remove(at: index)
      try await fencing(claim) {
        try await $0.fail(claim, RunFailure(kind: .invalid, reason: "The image has no voxels."))
      }
    case .enqueue:
      let moved = try await ledger().enqueueTiles(window: Self.window)
      #expect(moved <= (promises.isPaused ? 0 : Self.window))
    case .claimOutbox:
      let messages = try await ledger().claimOutbox(limit: 3, lease: LedgerBench.lease)
      try promises.handedOut(messages)
      publishing += messages
    case .publish:
      guard let index = pick(publishing) else { return }
      let message = publishing.remove(at: index)
      jobs.append(try message.message.tileJob())
      published.append(message)
    case .markPublished:
      guard !published.isEmpty else { return }
      try await ledger().markPublished(published)
      published = []
    case .abandonOutbox:
      publishing = []
      published = []
    case .loseJob: if let index = pick(jobs) { jobs.remove(at: index) }
    case .repeatJob: if let index = pick(jobs) { jobs.append(jobs[index]) }
    case .wipe:
      jobs = []
      results = []
    case .compute, .failTile: work(step)
    case .repeatResult: if let index = pick(results) { results.append(results[index]) }
    case .record, .recordWithoutAcknowledging: try await record(acknowledges: step == .record)
    case .claimStitch:
      if let work = try await ledger().claimStitch(owner: owner(), lease: LedgerBench.lease) {
        promises.claimed(work)
        stitching.append(work)
      }
    case .complete: try await complete()
    case .abandonStitch:
      guard let index = pick(stitching) else { return }
      let work = stitching.remove(at: index)
      if random.chance(50) { try await ledger().release(work.claim) }
    case .cancel:
      guard let run = promises.runs.randomElement(using: &random) else { return }
      promises.cancelled(run, try await ledger().cancel(run))
    case .waitALittle: try await bench.advance(by: .seconds(Int.random(in: 1...20, using: &random)))
    case .waitLong: try await bench.advance(by: .seconds(Int.random(in: 300...400, using: &random)))
    case .findOverdue: _ = try await ledger().requeueOverdueTiles(olderThan: Self.overdue)
    case .hedge: try await hedge()
    case .replay: try await replay()
    case .drop: try await drop()
    case .pause:
      try await ledger().pause(.all)
      promises.isPaused = true
    case .resume:
      #expect(try await ledger().resume(.all) == promises.isPaused)
      promises.isPaused = false
    }
  }

  /// Stragglers show when nothing waits: mostly the backlog is sent out before, and what was computed is late by then.
  private mutating func hedge() async throws {
    if random.chance(70), !promises.isPaused {
      while try await ledger().enqueueTiles(window: .max) > 0 {}
      try await bench.advance(by: .seconds(1))
      for _ in 0..<4 {
        publishing += try await ledger().claimOutbox(limit: 100, lease: LedgerBench.lease)
        while !publishing.isEmpty { try await perform(.publish) }
        try await perform(.markPublished)
      }
      for _ in 0..<3 * jobs.count / 4 { try await perform(.compute) }
      for _ in results { try await perform(.record) }
      try await bench.advance(by: .seconds(20))
    }
    let hedged = try await ledger().hedgeStragglers(slots: Self.manySlots)
    promises.hedged(hedged)
  }

  private mutating func owner() -> String { "host-\(Int.random(in: 1...4, using: &random))" }

  private mutating func submit() async throws {
    guard promises.runs.count < Self.largestRuns else { return }
    var submission = LedgerBench.submission("image \(promises.runs.count)", key: "study \(promises.runs.count)")
    let passes = Int.random(in: 1...2, using: &random)
    submission.passes = Array(repeating: PassRequest(model: LedgerBench.model.digest), count: passes)
    let receipt = try await ledger().submit(submission)
    #expect(receipt.isNew)
    #expect(try await ledger().submit(submission) == SubmissionReceipt(run: receipt.run, isNew: false))
    promises.submitted(receipt.run, passes: passes)
  }

  private mutating func plan() async throws {
    guard let index = pick(preparing) else { return }
    let claim = preparing.remove(at: index)
    let tiles = random.chance(5) ? 0 : Int.random(in: 1...(random.chance(50) ? 12 : 4), using: &random)
    let plan = PassPlan(document: LedgerBench.digest("document \(claim.run.position)"), tiles: tiles)
    guard try await fencing(claim, { try await $0.plan(plan, of: claim) }) else { return }
    promises.planned(plan, of: claim)
  }

  private mutating func abandonRun() async throws {
    guard let index = pick(preparing) else { return }
    let claim = preparing.remove(at: index)
    if random.chance(50) { try await ledger().release(claim) }
  }

  /// A worker takes a job. Sometimes its acknowledgement is lost, and the broker delivers the job again.
  private mutating func work(_ step: Step) {
    guard let index = pick(jobs) else { return }
    let job = jobs[index]
    if !random.chance(15) { jobs.remove(at: index) }
    let kinds: [FailureKind] = [.transient, .corrupt, .poison, .outOfMemory, .invalid, .invalid]
    let outcome =
      step == .failTile
      ? TileResult.Outcome.failed(
        kind: kinds.randomElement(using: &random) ?? .transient, reason: "The store was away.")
      : .computed(probabilities: SchedulePromises.probabilities(of: job), bytes: 4096)
    results.append(
      TileResult(
        job: job, outcome: outcome, worker: owner(), engine: "blas/avx512",
        timings: TileTimings(fetch: 0.5, infer: 1.25, put: 0.25)))
  }

  private mutating func record(acknowledges: Bool) async throws {
    guard !results.isEmpty else { return }
    results.shuffle(using: &random)
    let batch = Array(results.prefix(Int.random(in: 1...3, using: &random)))
    let receipts = try await ledger().record(batch)
    promises.recorded(batch, receipts)
    if acknowledges { results.removeFirst(batch.count) }
  }

  private mutating func complete() async throws {
    guard let index = pick(stitching) else { return }
    let work = stitching.remove(at: index)
    let claim = work.claim
    let isLast = claim.run.position == claim.run.passes.count - 1
    let done = try await fencing(claim) { ledger in
      if isLast {
        try await ledger.complete(claim, SchedulePromises.outcome(of: work))
      } else {
        try await ledger.completePass(claim, SchedulePromises.passOutcome(of: work))
      }
    }
    if done { promises.completed(work) }
  }

  /// Whether the claim was still in force. A commit whose answer was lost is repeated, and says the same.
  @discardableResult
  private mutating func fencing(
    _ claim: RunClaim, _ body: @Sendable (any Ledger) async throws -> Void
  ) async throws -> Bool {
    let ledger = ledger()
    do {
      try await body(ledger)
      if random.chance(30) { try await body(ledger) }
      promises.acted(claim, wasFenced: false)
      return true
    } catch LedgerError.fenced(claim.run.id) {
      promises.acted(claim, wasFenced: true)
      return false
    }
  }
}

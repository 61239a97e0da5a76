internal import Foundation

/// Row 25: a fleet of ten processes works while a tenth of them is killed each minute, its broker is wiped and its database restarted; then
/// everything that was accepted is accounted for.
///
/// The tally is that of Jepsen's `total-queue` checker: what was acknowledged must come out once, nothing else may.
public struct Soak: Sendable {
  public struct Plan: Sendable {
    /// How long studies are submitted and processes killed; the rest of the work comes after.
    public var minutes: Double
    public var runs: Int
    /// Share of the processes that is killed each minute.
    public var killsPerMinute = 0.1

    public init(minutes: Double, runs: Int) {
      self.minutes = minutes
      self.runs = runs
    }

    var seconds: Double { minutes * 60 }
  }

  private static let roles: [Stage.Role] =
    Array(repeating: .dispatcher, count: 2) + Array(repeating: .aggregator, count: 2)
    + Array(repeating: .worker, count: 6)
  /// Every so many submissions, one whose submitter is killed before it can answer.
  private static let unansweredEvery = 10

  private let settings: ChaosRun.Settings
  private let plan: Plan
  private let progress: @Sendable (String) -> Void

  public init(_ settings: ChaosRun.Settings, plan: Plan, progress: @escaping @Sendable (String) -> Void) {
    self.settings = settings
    self.plan = plan
    self.progress = progress
  }

  /// - Throws: `ChaosError` when the servers can't be started, or can't be started again.
  public func play() async throws -> SoakReport {
    let theatre = try await Theatre.open(settings, number: 0, progress: progress)
    do {
      let stage = try theatre.stage(named: "soak", seed: settings.seed)
      stage.environment["TESSERA_OVERDUE_SECONDS"] = "30"
      progress("\(plan.runs) different studies in one process, without faults")
      let studies = try await theatre.studies(plan.runs)
      do {
        let report = try await play(studies, on: stage)
        await stage.endProcesses()
        await stage.close()
        await theatre.close()
        return report
      } catch {
        await stage.endProcesses()
        await stage.close()
        throw error
      }
    } catch {
      await theatre.close()
      throw error
    }
  }

  private typealias Study = Stage.Spare

  private func play(_ studies: [Study], on stage: Stage) async throws -> SoakReport {
    let servers = try stage.servers()
    // Tiles take so long that workers are busy for about 60 % of the time, and most kills hit one in the middle of a tile.
    let slots = Self.roles.count { $0 == .worker }
    let pause = min(1, plan.seconds * Double(slots) * 0.6 / Double(plan.runs * max(1, stage.study.tiles)))
    let slow = "worker.fetched=delay:\(pause)"
    func fault(_ role: Stage.Role) -> String? { role == .worker ? slow : nil }
    var random = ChaosRandom(seed: settings.seed)
    var tally = SoakTally()
    var crew: [(role: Stage.Role, process: ChildProcess)] = []
    for role in Self.roles { crew.append((role, try await stage.start(role, fault: fault(role)))) }
    progress("\(crew.count) processes are up; \(plan.runs) runs in \(plan.minutes) minutes")

    let start = ContinuousClock.now
    func elapsed() -> Double { (ContinuousClock.now - start) / .seconds(1) }
    var submissions: [Submitting] = []
    var nextKill = wait(for: &random, among: crew.count)
    var outages: [Outage] = [
      Outage(at: plan.seconds / 3, name: "broker wiped") {
        try await servers.broker("wipe")
        try await servers.broker("start")
      },
      Outage(at: plan.seconds * 2 / 3, name: "database restarted") { try await servers.database("restart") },
    ]
    var outage: Task<Void, any Error>?
    var lastWord = 0.0

    while elapsed() < plan.seconds || !submissions.isEmpty {
      let now = elapsed()
      // Submissions, evenly spread.
      if tally.submitted < plan.runs, now >= Double(tally.submitted) * plan.seconds * 0.95 / Double(plan.runs) {
        let isUnanswered = tally.submitted % Self.unansweredEvery == Self.unansweredEvery - 1
        submissions.append(try Submitting(tally.submitted, studies, on: stage, isUnanswered: isUnanswered))
        tally.submitted += 1
      }
      try advance(&submissions, &tally, on: stage)
      // Kills.
      if now >= nextKill, now < plan.seconds {
        nextKill = now + wait(for: &random, among: crew.count)
        let victim = Int.random(in: crew.indices, using: &random)
        if crew[victim].process.isRunning {
          crew[victim].process.send(9)
          tally.kills[crew[victim].role.rawValue, default: 0] += 1
        }
      }
      // The supervisor that every fleet has.
      for index in crew.indices where !crew[index].process.isRunning {
        if !crew[index].process.wasKilled { tally.endedByThemselves += 1 }
        crew[index].process = try stage.launch(crew[index].role, fault: fault(crew[index].role))
      }
      if let due = outages.first, now >= due.at {
        outages.removeFirst()
        progress("\(Int(now)) s: \(due.name)")
        tally.outages.append(due.name)
        // Beside the kills, not instead of them.
        try await outage?.value
        outage = Task { try await due.make() }
      }
      if now - lastWord >= 60 {
        lastWord = now
        let done = try await stage.count(
          "SELECT count(*) FROM fleet.runs WHERE state = 'completed' AND idempotency_key LIKE 'soak-%'")
        progress("\(Int(now)) s: \(tally.submitted) submitted, \(done) completed, \(tally.allKills) kills")
      }
      try await Task.sleep(for: .milliseconds(50))
    }
    try await outage?.value
    progress("\(Int(elapsed())) s: no more kills; waiting for the rest")
    try await stage.awaitEnds(within: 300)
    tally.seconds = elapsed()
    return try await account(tally, on: stage)
  }

  private struct Outage: Sendable {
    /// Seconds after the start.
    var at: Double
    var name: String
    var make: @Sendable () async throws -> Void
  }

  /// Seconds until the next kill: the pauses of a Poisson process.
  private func wait(for random: inout ChaosRandom, among count: Int) -> Double {
    let rate = plan.killsPerMinute * Double(count) / 60
    return -log(Double.random(in: Double.leastNonzeroMagnitude..<1, using: &random)) / rate
  }

  /// A submission under way: tried again, with the same key, until it is answered.
  private struct Submitting {
    let key: String
    let study: Study
    var process: ChildProcess
    var attempts = 1

    init(_ number: Int, _ studies: [Study], on stage: Stage, isUnanswered: Bool) throws {
      key = "soak-\(number)"
      study = studies[number]
      process = try stage.launchSubmission(
        of: study.image, key: key, fault: isUnanswered ? "submit.committed=kill" : nil)
    }
  }

  private func advance(_ submissions: inout [Submitting], _ tally: inout SoakTally, on stage: Stage) throws {
    for index in submissions.indices.reversed() where !submissions[index].process.isRunning {
      let submission = submissions[index]
      if submission.process.exitCode == 0, let run = stage.receipt(of: submission.process) {
        stage.note(run: run, expecting: submission.study.expected)
        tally.acknowledged[submission.key] = run
        if submission.attempts > 1 { tally.answeredLater += 1 }
        submissions.remove(at: index)
      } else {
        submissions[index].attempts += 1
        submissions[index].process = try stage.launchSubmission(
          of: submission.study.image, key: submission.key, fault: nil)
      }
    }
  }

  private func account(_ counted: SoakTally, on stage: Stage) async throws -> SoakReport {
    var tally = counted
    let rows = try await stage.ask(
      "SELECT id, idempotency_key, state, label_voxels FROM fleet.runs WHERE idempotency_key LIKE 'soak-%'")
    let byKey = Dictionary(grouping: rows) { $0[1] ?? "" }
    for (key, run) in tally.acknowledged {
      let found = byKey[key] ?? []
      let isThere = found.contains {
        $0[0] == run && $0[2] == "completed" && $0[3] == stage.expectations[run]
      }
      if isThere { tally.ok += 1 } else { tally.lost += 1 }
      tally.duplicated += max(0, found.count - 1)
    }
    tally.unexpected =
      byKey.keys.count { tally.acknowledged[$0] == nil }
      + rows.count { $0[2] == "completed" && $0[3] != stage.expectations[$0[0] ?? ""] }
    tally.recovered = tally.answeredLater
    // A killed worker's slot may repeat its tile; a wiped broker may repeat all that it had: for each slot one in work, one waiting.
    let slots = Self.roles.count { $0 == .worker }
    let repeats = tally.kills["worker", default: 0] + slots * 2
    var findings = try await stage.examine(
      [
        .everyRunEnds, .oneResult, .sameBits, .tilesAddUp, .blobsVerify, .legalTransitions, .oneCompletion, .fewRepeats,
      ], repeats: repeats)
    findings.append(
      Finding(
        "lost 0, unexpected 0, duplicated 0", holds: tally.lost == 0 && tally.unexpected == 0 && tally.duplicated == 0,
        "ok \(tally.ok), lost \(tally.lost), unexpected \(tally.unexpected), duplicated \(tally.duplicated), recovered \(tally.recovered)"
      ))
    findings.append(
      Finding(
        "no process ended by itself", holds: tally.endedByThemselves == 0, "\(tally.endedByThemselves) did"))
    return SoakReport(seed: settings.seed, softwareVersion: settings.softwareVersion, tally: tally, findings: findings)
  }
}

import FleetContracts
import Foundation
import Testing
import Testkit

@testable import Commands

@Suite struct TopFrameTests {
  private static let run = RunID("0193a5c0-7b7a-7000-8000-0123456789ab") ?? RunID()
  private static let other = RunID("0193a5c0-7b7a-7000-8000-0123456789cd") ?? RunID()
  private static let forecasts = [
    run: QueueForecast(position: 1, runs: 2, median: 1337, ninetieth: 1500),
    other: QueueForecast(position: 2, runs: 2, median: 100_000, ninetieth: 200_000),
  ]
  private static let at = Date(timeIntervalSince1970: 1_700_000_000)

  private static let busy = FleetOverview(
    at: at,
    runs: [
      .init(state: .predicting, runClass: .routine, count: 2), .init(state: .submitted, runClass: .batch, count: 12),
      .init(state: .completed, runClass: .routine, count: 45), .init(state: .failed, runClass: .stat, count: 1),
    ],
    outstanding: [.init(runClass: .routine, planned: 300, queued: 16)], outboxLag: 0.25,
    tilesByMinute: [0, 1, 2, 3, 4, 5, 6, 7, 7, 7],
    runsInWork: [
      .init(
        run: run, model: "brain + brain-lowres", runClass: .routine, tenant: "emergency-room", state: .predicting,
        passes: 2, position: 1, plannedTiles: 343, acceptedTiles: 120, submittedAt: at - 600, recentTiles: 100),
      .init(
        run: other, model: "liver", runClass: .batch, tenant: "default", state: .submitted, passes: 1, position: 0,
        plannedTiles: 0, acceptedTiles: 0, submittedAt: at - 60, recentTiles: 0),
    ], deadTiles: 1, deadlineMisses: [.init(runClass: .stat, count: 1)],
    attention: FleetAttention(openDeadLetters: 1))

  private static func worker(
    _ name: String, _ state: WorkerStatus.State = .running, busy: Int = 1, seconds: Double? = 4.21, seen: Double = 2,
    isLost: Bool = false
  ) -> WorkerRecord {
    WorkerRecord(
      status: WorkerStatus(
        worker: name, life: UUID(), number: 1, host: "node", state: state, slots: 2, busySlots: busy,
        engine: seconds.map { _ in "winograd/avx512" }, softwareVersion: "0", tiles: seconds == nil ? 0 : 22,
        tileSeconds: seconds), startedAt: at - 600, seenAt: at - seen, isLost: isLost)
  }

  private static let workers = [
    worker("node1-4711"), worker("node2-17", .draining, busy: 2, seconds: 12),
    worker("node3-1", busy: 0, seconds: nil, seen: 75, isLost: true),
  ]

  /// A picture of `Tests/Fixtures/top`, looked at and found good.
  private static func expected(_ name: String) throws -> String {
    let text = try String(contentsOf: Fixtures.directory.appending(path: "top/\(name).txt"), encoding: .utf8)
    return String(text.dropLast())  // the file's last line feed
  }

  @Test func aBusyFleetAt80Columns() throws {
    let lines = TopFrame(
      overview: Self.busy, workers: Self.workers, violations: ["I5": 2], forecasts: Self.forecasts
    ).lines(columns: 80, rows: 24)
    #expect(lines.joined(separator: "\n") == (try Self.expected("busy-80")))
  }

  @Test func aBusyFleetAt120Columns() throws {
    let lines = TopFrame(overview: Self.busy, workers: Self.workers, forecasts: Self.forecasts).lines(
      columns: 120, rows: 40)
    #expect(lines.joined(separator: "\n") == (try Self.expected("busy-120")))
  }

  private static let trainings = TrainingOverview(
    at: at, jobs: [.init(state: .ready, count: 2), .init(state: .running, count: 4), .init(state: .failed, count: 1)],
    inWork: [
      training(.fold(configuration: "3d_fullres", fold: 0), epochs: 400, seconds: 90, finalSeconds: 3600),
      training(.fold(configuration: "3d_cascade_fullres", fold: 1), epochs: 990, seconds: 90),
      training(.fold(configuration: "2d", fold: 0), epochs: 1000, seconds: 12),
      training(.fold(configuration: "2d", fold: 4), epochs: 0, seconds: nil),
    ])

  private static func training(
    _ work: TrainingWork, epochs: Int, seconds: Double?, finalSeconds: Double? = nil
  ) -> TrainingJobInWork {
    TrainingJobInWork(
      training: TrainingID(), tenant: .default, task: "Task501_BrainTissue", model: "tissue", job: 0, work: work,
      epochs: epochs, plannedEpochs: 1000, finalSeconds: finalSeconds, worker: "node4-12345",
      latest: seconds.map {
        TrainingJobInWork.Latest(
          trainingLoss: -0.7512, validationLoss: -0.7, dice: epochs == 1000 ? nil : 0.8514, epochSeconds: $0,
          at: at - 30)
      })
  }

  @Test(arguments: [80, 120]) func trainingsAreShownWhereThereAreAny(columns: Int) throws {
    var frame = TopFrame(overview: FleetOverview(at: Self.at), trainings: Self.trainings)
    #expect(frame.lines(columns: columns).joined(separator: "\n") == (try Self.expected("trainings-\(columns)")))
    frame.trainings?.inWork = []
    #expect(frame.lines(columns: columns).last == "TRAININGS  none in work; 2 jobs of trainings wait for a trainer")
    frame.trainings?.pausedJobs = 1
    #expect(
      frame.lines(columns: 120).last
        == "TRAININGS  none in work; 1 job of trainings waits for a trainer, 1 waits as its tenant is paused")
    frame.trainings?.pausedJobs = 2
    #expect(
      frame.lines(columns: columns).last
        == "TRAININGS  none in work; 2 jobs of trainings wait as their tenants are paused")
    frame.trainings?.jobs = []
    frame.trainings?.pausedJobs = 0
    #expect(!frame.lines(columns: columns).contains { $0.contains("TRAINING") })
  }

  /// Once its epochs are trained, the end of the validation is shown while it can be told.
  @Test(arguments: [(nil, "validating"), (90, "22:14:20"), (20, "validating")])
  func aFoldThatValidatesSaysUntilWhen(seconds: Double?, shown: String) {
    let job = Self.training(.fold(configuration: "2d", fold: 0), epochs: 1000, seconds: 12, finalSeconds: seconds)
    let frame = TopFrame(
      overview: FleetOverview(at: Self.at), trainings: TrainingOverview(at: Self.at, inWork: [job]))
    #expect(frame.lines(columns: 120).contains { $0.contains("1000/1000") && $0.contains(" \(shown)  ") })
  }

  @Test func threeListsShareWhatThereIs() {
    #expect(TopFrame.shares(of: 10, among: [2, 50, 50]) == [2, 4, 4])
    #expect(TopFrame.shares(of: 10, among: [3, 3, 3]) == [3, 3, 3])
    #expect(TopFrame.shares(of: 2, among: [5, 5, 5]) == [1, 1, 0])
    #expect(TopFrame.shares(of: 0, among: [5]) == [0])
  }

  @Test func anIdleFleet() throws {
    let lines = TopFrame(overview: FleetOverview(at: Self.at, tilesByMinute: Array(repeating: 0, count: 10))).lines(
      columns: 80)
    #expect(lines.joined(separator: "\n") == (try Self.expected("idle-80")))
  }

  @Test(arguments: [(80, 24), (120, 40), (40, 10), (60, 5), (200, 12)])
  func aPictureNeverExceedsTheTerminal(columns: Int, rows: Int) {
    var overview = Self.busy
    overview.runsInWork = Array(repeating: overview.runsInWork[0], count: 50)
    for style in [TopStyle.plain, TopStyle(hasColours: true, hasUnicode: false)] {
      let lines = TopFrame(
        overview: overview, workers: (0..<50).map { Self.worker("w\($0)") }, violations: ["I1": 1], trouble: "gone"
      ).lines(
        columns: columns, rows: rows, style: style)
      #expect(lines.count <= rows)
      for line in lines {
        let seen = line.replacing(/\u{1B}\[[0-9;]*m/, with: "")
        #expect(seen.count <= columns)
        if !style.hasUnicode { #expect(line.utf8.allSatisfy { $0 < 128 }) }
      }
    }
  }

  @Test func bothListsGetRoomAndSayWhatIsMissing() {
    let lines = TopFrame(overview: Self.busy, workers: (0..<50).map { Self.worker("w\($0)") }).lines(
      columns: 100, rows: 24)
    #expect(lines.contains { $0.hasPrefix("… ") && $0.hasSuffix(" more") })
    #expect(lines.contains { $0.contains("liver") }, "the short list is whole")
  }

  @Test func whatWasAskedInVainIsShownWithTheReason() {
    let lines = TopFrame(overview: Self.busy, trouble: "the ledger can't be reached").lines(columns: 120)
    #expect(lines[0].contains("NO FRESH FIGURES: the ledger can't be reached"))
  }

  @Test func aRunOfWhichNothingCanBeForetoldSaysWhy() {
    for (reason, word) in [(QueueForecast.Reason.noWorkers, "no workers"), (.paused, "paused")] {
      let forecasts = [Self.run: QueueForecast(position: 1, runs: 1, reason: reason)]
      let lines = TopFrame(overview: Self.busy, forecasts: forecasts).lines(columns: 100)
      #expect(lines.contains { $0.contains("123456789ab") && $0.hasSuffix(word) }, "\(lines)")
    }
  }

  @Test func theEnvironmentTellsWhatTheTerminalCanShow() {
    #expect(TopStyle(environment: ["TERM": "xterm", "LANG": "de_DE.UTF-8"]).hasUnicode)
    #expect(!TopStyle(environment: ["TERM": "xterm", "LANG": "C"]).hasUnicode)
    #expect(!TopStyle(environment: ["TERM": "xterm", "LC_ALL": "C", "LANG": "de_DE.utf8"]).hasUnicode)
    #expect(!TopStyle(environment: ["TERM": "dumb"]).hasColours)
    #expect(!TopStyle(environment: ["TERM": "xterm", "NO_COLOR": "1"]).hasColours)
  }
}

internal import FleetContracts
internal import Foundation

/// One picture of `tessera top`: a pure function from what is known to lines of text, so that it can be tested without a terminal.
struct TopFrame {
  var overview: FleetOverview
  /// Those that are there, and those that have gone lately.
  var workers: [WorkerRecord] = []
  /// By invariant.
  var violations: [String: Int] = [:]
  /// `nil` where nothing of them is shown.
  var trainings: TrainingOverview?
  /// Of runs in work.
  var forecasts: [RunID: QueueForecast] = [:]
  /// Why `overview` is no fresh one.
  var trouble: String?

  /// The least width that is drawn for; a narrower terminal cuts lines off.
  static let leastColumns = 60

  /// - Parameters:
  ///   - columns: the terminal's width; no line is wider.
  ///   - rows: the terminal's height, or `nil` for as many lines as there are.
  ///   - style: how parts are marked.
  func lines(columns: Int, rows: Int? = nil, style: TopStyle = .plain) -> [String] {
    let width = max(Self.leastColumns, columns)
    let head = headLines(width, style) + [""] + backlogLines(style)
    let workerLines = section(
      "WORKERS", workerTable, of: workers.count, nothing: "none; `tessera worker` starts one", style)
    let runs = section("RUNS", runTable(width), of: overview.runsInWork.count, nothing: "none in work", style)
    let lists = [workerLines, runs, trainingLines(width, style)].filter { !$0.isEmpty }
    let room = rows.map { max(0, $0 - head.count - lists.count) } ?? lists.reduce(0) { $0 + $1.count }
    let all = head + zip(lists, Self.shares(of: room, among: lists.map(\.count))).flatMap { [""] + cut($0, to: $1) }
    return all.prefix(rows ?? .max).map { style.cut($0, to: columns) }
  }

  /// Lists share what the terminal has left; what one doesn't need, the others get.
  static func shares(of room: Int, among counts: [Int]) -> [Int] {
    var shares = counts.map { _ in 0 }
    var room = room
    var hungry = Array(counts.indices)
    while room > 0, !hungry.isEmpty {
      let equal = max(1, room / hungry.count)
      for index in hungry where room > 0 {
        let more = min(equal, counts[index] - shares[index], room)
        shares[index] += more
        room -= more
      }
      hungry.removeAll { shares[$0] >= counts[$0] }
    }
    return shares
  }

  // MARK: Head

  private func headLines(_ width: Int, _ style: TopStyle) -> [String] {
    let title = "tessera top  \(overview.at.formatted(Self.clock))"
    let note = trouble.map { style.alarm("NO FRESH FIGURES: \($0)") } ?? ""
    return [
      style.strong(title) + (note.isEmpty ? "" : "  " + note), throughputLine(style), stateLine, alarmLine(style),
    ]
  }

  private static let clock = Date.ISO8601FormatStyle()

  private func throughputLine(_ style: TopStyle) -> String {
    let minutes = overview.tilesByMinute
    let planned = overview.outstanding.reduce(0) { $0 + $1.planned }
    let queued = overview.outstanding.reduce(0) { $0 + $1.queued }
    // The minute that has just begun to count says little alone.
    let rate = Double(minutes.suffix(3).reduce(0, +)) / Double(max(1, min(3, minutes.count)))
    return
      "tiles   \(Formats.number(rate, digits: 1))/min  \(style.sparkline(minutes))  outstanding \(planned + queued)"
      + "  outbox \(Formats.seconds(overview.outboxLag))"
  }

  private var stateLine: String {
    let counts = RunState.allCases.map { (state: $0, count: count($0)) }.filter { $0.count > 0 }
    let texts = counts.map { "\($0.count) \($0.state.rawValue)" }
    return "runs    " + (texts.isEmpty ? "none yet" : texts.joined(separator: "  "))
  }

  private func count(_ state: RunState) -> Int {
    overview.runs.filter { $0.state == state }.reduce(0) { $0 + $1.count }
  }

  private func alarmLine(_ style: TopStyle) -> String {
    let misses = overview.deadlineMisses.reduce(0) { $0 + $1.count }
    let broken = violations.filter { $0.value > 0 }.sorted { $0.key < $1.key }
    let names = broken.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
    let list = broken.isEmpty ? "" : " (\(names))"
    let alarms: [(count: Int, text: String)] = [
      (broken.reduce(0) { $0 + $1.value }, "violations" + list), (overview.digestConflicts, "conflicts"),
      (overview.attention.openDeadLetters, "dead letters"), (overview.attention.quarantines, "quarantined"),
      (misses, "late"),
    ]
    let texts = alarms.map { alarm -> String in
      let text = "\(alarm.count) \(alarm.text)"
      return alarm.count > 0 ? style.alarm(text) : text
    }
    return "alarms  " + texts.joined(separator: "  ")
  }

  // MARK: Lists

  private func backlogLines(_ style: TopStyle) -> [String] {
    var table = TextTable([("QUEUE", .left), ("RUNS", .right), ("PLANNED", .right), ("QUEUED", .right)], rule: false)
    for runClass in RunClass.allCases.sorted() {
      let tiles = overview.outstanding.first { $0.runClass == runClass }
      let runs = overview.runs.filter { $0.runClass == runClass && !$0.state.isFinal }.reduce(0) { $0 + $1.count }
      table.add([runClass.rawValue, "\(runs)", "\(tiles?.planned ?? 0)", "\(tiles?.queued ?? 0)"])
    }
    return strongTitle(table, style)
  }

  private var workerTable: TextTable {
    var table = TextTable(
      [
        ("WORKER", .left), ("STATE", .left), ("BUSY", .right), ("TILES", .right), ("S/TILE", .right), ("ENGINE", .left),
        ("SEEN", .right),
      ], rule: false)
    for worker in workers {
      let status = worker.status
      table.add([
        status.worker, worker.isLost ? "lost" : status.state.rawValue, "\(status.busySlots)/\(status.slots)",
        "\(status.tiles)", status.tileSeconds.map { Formats.number($0, digits: 2) } ?? "-", status.engine ?? "-",
        Formats.seconds(max(0, overview.at.timeIntervalSince(worker.seenAt))),
      ])
    }
    return table
  }

  /// What is left of a run must be seen on any terminal: a narrow one goes without tenants, and only a wide one shows whole identifiers.
  private func runTable(_ width: Int) -> TextTable {
    let (isNarrow, isWide) = (width < 100, width >= 140)
    let bar = isNarrow ? 6 : min(30, width - (isWide ? 120 : 96))
    var columns: [(title: String, alignment: TextTable.Alignment)] = [("RUN", .left), ("CLASS", .left)]
    if !isNarrow { columns.append(("TENANT", .left)) }
    columns += [("MODEL", .left), ("STATE", .left), ("TILES", .right), ("", .left), ("DONE AT", .right)]
    var table = TextTable(columns, rule: false)
    for run in overview.runsInWork {
      let part = run.passes > 1 ? " \(run.position + 1)/\(run.passes)" : ""
      var cells = [isWide ? run.run.description : String(run.run.description.suffix(12)), run.runClass.rawValue]
      if !isNarrow { cells.append(String(run.tenant.prefix(12))) }
      cells += [
        String(run.model.prefix(isNarrow ? 10 : 16)), run.state.rawValue + part,
        "\(run.acceptedTiles)/\(run.plannedTiles)", Self.bar(run, width: bar),
        doneAt(run.run),
      ]
      table.add(cells)
    }
    return table
  }

  private static func bar(_ run: FleetOverview.RunInWork, width: Int) -> String {
    guard run.plannedTiles > 0 else { return "" }
    let filled = min(width, width * run.acceptedTiles / run.plannedTiles)
    return String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
  }

  /// When the run will probably be done, by the ledger's clock in UTC; why it can't be told, where that is so.
  private func doneAt(_ run: RunID) -> String {
    guard let forecast = forecasts[run] else { return "" }
    switch (forecast.reason, forecast.median) {
    case (.noWorkers, _): return "no workers"
    case (.paused, _): return "paused"
    case (nil, let seconds?): return clock(overview.at + seconds)
    case (nil, nil): return ""
    }
  }

  private func clock(_ date: Date) -> String {
    let isFar = date.timeIntervalSince(overview.at) > 20 * 3600
    return date.formatted(isFar ? Self.dayAndTime : Self.time)
  }

  /// Nothing where nothing is trained, nor waits for it.
  private func trainingLines(_ width: Int, _ style: TopStyle) -> [String] {
    guard let trainings else { return [] }
    let waiting = waitingJobs(trainings)
    guard waiting != nil || !trainings.inWork.isEmpty else { return [] }
    guard !trainings.inWork.isEmpty else { return [style.strong("TRAININGS") + "  none in work; " + (waiting ?? "")] }
    return strongTitle(trainingTable(trainings, width), style) + (waiting.map { [$0] } ?? [])
  }

  /// What jobs of trainings wait for; `nil` where none waits.
  private func waitingJobs(_ trainings: TrainingOverview) -> String? {
    let paused = trainings.pausedJobs
    let waiting = trainings.count(.ready, .queued) - paused
    func jobs(_ count: Int) -> String { "\(count) job\(count == 1 ? "" : "s") of trainings" }
    func wait(_ count: Int) -> String { count == 1 ? "waits" : "wait" }
    let reason = paused == 1 ? "as its tenant is paused" : "as their tenants are paused"
    switch (waiting > 0, paused > 0) {
    case (true, true): return "\(jobs(waiting)) \(wait(waiting)) for a trainer, \(paused) \(wait(paused)) \(reason)"
    case (true, false): return "\(jobs(waiting)) \(wait(waiting)) for a trainer"
    case (false, true): return "\(jobs(paused)) \(wait(paused)) \(reason)"
    case (false, false): return nil
    }
  }

  private func trainingTable(_ trainings: TrainingOverview, _ width: Int) -> TextTable {
    var table = TextTable(
      [
        ("TRAINING", .left), ("CONFIGURATION", .left), ("FOLD", .right), ("EPOCHS", .right), ("LOSS", .right),
        ("DICE", .right), ("DONE AT", .right), ("TRAINER", .left),
      ], rule: false)
    func number(_ value: Double?) -> String { value.map { Formats.number($0, digits: 3) } ?? "-" }
    for job in trainings.inWork {
      table.add([
        // A narrow terminal is shown the number, as it stands before the name.
        width < 100 ? String(job.task.prefix { $0 != "_" }.prefix(10)) : String(job.task.prefix(24)),
        job.work.configuration ?? "best of all",
        job.work.fold.map(String.init) ?? "", job.work == .selection ? "" : "\(job.epochs)/\(job.plannedEpochs)",
        number(job.latest?.trainingLoss), number(job.latest?.dice), doneAt(job), job.worker,
      ])
    }
    return table
  }

  /// When a fold will probably be done, or that its trainer validates, for longer than was expected.
  private func doneAt(_ job: TrainingJobInWork) -> String {
    if let end = job.expectedEnd(at: overview.at), end > overview.at || job.epochs < job.plannedEpochs {
      return clock(end)
    }
    return job.work != .selection && job.epochs == job.plannedEpochs ? "validating" : ""
  }

  private static let time = Date.VerbatimFormatStyle(
    format:
      "\(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\(minute: .twoDigits):\(second: .twoDigits)",
    timeZone: .gmt, calendar: Calendar(identifier: .gregorian))
  private static let dayAndTime = Date.VerbatimFormatStyle(
    format:
      "\(month: .twoDigits)-\(day: .twoDigits) \(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\(minute: .twoDigits)",
    timeZone: .gmt, calendar: Calendar(identifier: .gregorian))

  private func section(
    _ title: String, _ table: TextTable, of count: Int, nothing: String, _ style: TopStyle
  ) -> [String] {
    count == 0 ? [style.strong(title) + "  " + nothing] : strongTitle(table, style)
  }

  private func strongTitle(_ table: TextTable, _ style: TopStyle) -> [String] {
    let lines = table.rendered().split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    return [style.strong(lines[0])] + lines.dropFirst()
  }

  /// A list that doesn't fit says how much is missing.
  private func cut(_ lines: [String], to count: Int) -> [String] {
    guard lines.count > count else { return lines }
    guard count > 1 else { return Array(lines.prefix(count)) }
    return lines.prefix(count - 1) + ["… \(lines.count - count + 1) more"]
  }
}

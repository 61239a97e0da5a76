/// Who gets the next worker slot: the fleet's memory of what each class and, within it, each tenant has been given.
///
/// Classes and tenants are served by weighted fair queueing: each has an account of the work that it was given, divided by its weight, and
/// the next tile goes to the one whose account would be the lowest with it. Whoever comes anew begins at the lowest account of those who
/// have been waiting; whoever has nothing left to compute is forgotten, so nobody saves up claims or debts. Within a tenant the run that is
/// due first goes first (`BacklogRun.due`), its tiles in plan order.
///
/// - A STAT run's first tile goes before all others unless STAT runs are being served already; each class gets nine times the share of the
///   next one as long as both have tiles waiting, so none starves.
/// - Tenants of one class get equal shares of work, however many runs each of them has.
///
/// A value without I/O: a ledger keeps it, in the transaction that carries a choice out.
public struct DispatchShares: Hashable, Sendable, Codable {
  private struct Account: Hashable, Codable {
    var served = 0.0
    /// By tenant.
    var tenants: [String: Double] = [:]
    /// Whether it has been given nothing yet; older ones don't say.
    var isNew: Bool?
  }

  /// By the class's raw value.
  private var classes: [String: Account] = [:]

  public init() {}

  /// The share of a class that competes with others.
  static func weight(of runClass: RunClass) -> Double {
    switch runClass {
    case .stat: 81
    case .routine: 9
    case .batch: 1
    }
  }

  /// Chooses who gets the next `room` tiles.
  /// - Returns: a pass for each tile, in the order of handing out; each occurrence stands for the pass's next tile.
  public mutating func choose(from backlog: [BacklogRun], room: Int) -> [PassID] {
    var lines = Dictionary(grouping: backlog.filter { $0.tiles > 0 }, by: \.runClass)
      .mapValues { runs in
        Dictionary(grouping: runs, by: \.tenant.name).mapValues { Line($0.sorted { $0.precedes($1) }) }
      }
    enroll(lines.mapValues { Set($0.keys) })
    var chosen: [PassID] = []
    while chosen.count < room, let runClass = nextClass(lines) {
      guard let tenant = nextTenant(of: runClass, lines[runClass] ?? [:]),
        let tile = lines[runClass]?[tenant]?.take()
      else { break }
      chosen.append(tile.pass)
      classes[runClass.rawValue]?.served += tile.cost / Self.weight(of: runClass)
      classes[runClass.rawValue]?.tenants[tenant]? += tile.cost
      classes[runClass.rawValue]?.isNew = nil
      if lines[runClass]?[tenant]?.isEmpty == true { lines[runClass]?[tenant] = nil }
      if lines[runClass]?.isEmpty == true { lines[runClass] = nil }
    }
    return chosen
  }

  /// Opens accounts of those who have something to compute, and closes all others.
  private mutating func enroll(_ waiting: [RunClass: Set<String>]) {
    let names = Set(waiting.keys.map(\.rawValue))
    classes = classes.filter { names.contains($0.key) }
    let base = classes.values.map(\.served).min() ?? 0
    for (runClass, tenants) in waiting {
      var account = classes[runClass.rawValue] ?? Account(served: base, isNew: true)
      account.tenants = account.tenants.filter { tenants.contains($0.key) }
      let lowest = account.tenants.values.min() ?? 0
      for tenant in tenants where account.tenants[tenant] == nil { account.tenants[tenant] = lowest }
      classes[runClass.rawValue] = account
    }
    // Only differences count; so numbers stay small for years.
    let least = classes.values.map(\.served).min() ?? 0
    for name in classes.keys {
      classes[name]?.served -= least
      let lowest = classes[name]?.tenants.values.min() ?? 0
      for tenant in (classes[name]?.tenants ?? [:]).keys { classes[name]?.tenants[tenant]? -= lowest }
    }
  }

  private func nextClass(_ lines: [RunClass: [String: Line]]) -> RunClass? {
    lines.keys.sorted().min { first, second in
      classAccount(first, lines[first] ?? [:]) < classAccount(second, lines[second] ?? [:])
    }
  }

  /// What the class would have been given with its next tile. Of the first tile of urgent runs it doesn't matter how much it costs: it would
  /// wait for many tiles of a small network.
  private func classAccount(_ runClass: RunClass, _ lines: [String: Line]) -> Double {
    if runClass == .stat, let account = classes[runClass.rawValue], account.isNew == true { return account.served }
    let cost = nextTenant(of: runClass, lines).flatMap { lines[$0]?.nextCost } ?? 0
    return (classes[runClass.rawValue]?.served ?? 0) + cost / Self.weight(of: runClass)
  }

  private func nextTenant(of runClass: RunClass, _ lines: [String: Line]) -> String? {
    let served = classes[runClass.rawValue]?.tenants ?? [:]
    return lines.min { first, second in
      let accounts = (
        (served[first.key] ?? 0) + first.value.nextCost, (served[second.key] ?? 0) + second.value.nextCost
      )
      return accounts.0 != accounts.1
        ? accounts.0 < accounts.1 : first.value.precedes(second.value)
    }?.key
  }

  /// A tenant's runs of one class, the next one first.
  private struct Line {
    private var runs: ArraySlice<BacklogRun>
    private var taken = 0

    init(_ runs: [BacklogRun]) { self.runs = runs[...] }

    var isEmpty: Bool { runs.isEmpty }

    /// A tile that costs nothing would be given out without end.
    private static func cost(_ run: BacklogRun) -> Double { max(run.tileCost, 1) }

    var nextCost: Double { runs.first.map(Self.cost) ?? 0 }

    func precedes(_ other: Line) -> Bool {
      guard let first = runs.first, let second = other.runs.first else { return false }
      return first.precedes(second)
    }

    mutating func take() -> (pass: PassID, cost: Double)? {
      guard let run = runs.first else { return nil }
      taken += 1
      if taken == run.tiles {
        runs.removeFirst()
        taken = 0
      }
      return (run.pass, Self.cost(run))
    }
  }
}

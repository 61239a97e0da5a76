import FleetContracts
import Foundation
import Testing

/// The policy of handing tiles out, on its own: a simulated backlog, no servers.
@Suite struct DispatchSharesTests {
  private static func run(
    _ tenant: String = "default", _ runClass: RunClass = .routine, tiles: Int, cost: Double = 1, age: Double = 0,
    deadline: Double? = nil
  ) throws -> BacklogRun {
    let submitted = Date(timeIntervalSince1970: 1_000_000 - age)
    let due = runClass.due(
      deadline: deadline.map { Date(timeIntervalSince1970: 1_000_000 + $0) }, submittedAt: submitted)
    return BacklogRun(
      run: RunID(), pass: PassID(), runClass: runClass, tenant: try Tenant(tenant), due: due, submittedAt: submitted,
      tiles: tiles, tileCost: cost)
  }

  /// Hands out `count` tiles, `room` at a time, and counts them by run.
  private func serve(
    _ backlog: inout [BacklogRun], _ shares: inout DispatchShares, count: Int, room: Int
  ) -> [BacklogRun] {
    var served: [BacklogRun] = []
    while served.count < count {
      let chosen = shares.choose(from: backlog, room: room)
      guard !chosen.isEmpty else { break }
      for pass in chosen {
        guard let index = backlog.firstIndex(where: { $0.pass == pass }) else { continue }
        served.append(backlog[index])
        backlog[index].tiles -= 1
      }
    }
    return served
  }

  @Test(arguments: [1, 2, 7, 100])
  func theTenantBesideAFloodGetsItsHalf(room: Int) throws {
    var shares = DispatchShares()
    var backlog = try (0..<40).map { try Self.run("flood", tiles: 50, age: Double(1000 - $0)) }
    // The flood has the fleet to itself at first: that isn't held against it, nor does the other come with a claim.
    _ = serve(&backlog, &shares, count: 300, room: room)
    backlog.append(try Self.run("other", tiles: 400))
    let served = serve(&backlog, &shares, count: 600, room: room)
    let share = Double(served.count { $0.tenant.name == "other" }) / Double(served.count)
    #expect(abs(share - 0.5) < 0.01 + Double(room) / 600)
  }

  @Test func sharesAreOfWorkNotOfTiles() throws {
    var shares = DispatchShares()
    var backlog = [try Self.run("large", tiles: 1000, cost: 9), try Self.run("small", tiles: 1000, cost: 1)]
    let served = serve(&backlog, &shares, count: 500, room: 5)
    let work = served.reduce(into: [:]) { $0[$1.tenant.name, default: 0.0] += $1.tileCost }
    #expect(abs((work["large"] ?? 0) / 900 - 0.5) < 0.02, "\(work)")
  }

  @Test func aStatRunsTilesComeFirstAndNobodyStarves() throws {
    var shares = DispatchShares()
    var backlog = [
      try Self.run("a", .batch, tiles: 1000, age: 9000), try Self.run("a", .routine, tiles: 1000, age: 9000),
    ]
    _ = serve(&backlog, &shares, count: 100, room: 4)
    backlog.append(try Self.run("b", .stat, tiles: 1000))
    let served = serve(&backlog, &shares, count: 910, room: 4)
    #expect(served.prefix(8).allSatisfy { $0.runClass == .stat }, "the first tiles are the STAT study's")
    let counts = Dictionary(grouping: served, by: \.runClass).mapValues(\.count)
    #expect(abs((counts[.stat] ?? 0) - 810) <= 2 && abs((counts[.routine] ?? 0) - 90) <= 2, "\(counts)")
    #expect(abs((counts[.batch] ?? 0) - 10) <= 2)
  }

  @Test func aStatRunsFirstTileComesFirstHoweverMuchItCosts() throws {
    var shares = DispatchShares()
    var backlog = [
      try Self.run("a", .batch, tiles: 1000, cost: 1), try Self.run("a", .routine, tiles: 1000, cost: 1, age: 9000),
    ]
    for _ in 0..<3 {
      _ = serve(&backlog, &shares, count: 100, room: 4)
      backlog.append(try Self.run("b", .stat, tiles: 2, cost: 10_000))
      #expect(serve(&backlog, &shares, count: 1, room: 1).first?.runClass == .stat)
      // And doesn't take the fleet from the others for that: 10,000 shared by 81 are as much as 123 x 9.
      let next = serve(&backlog, &shares, count: 100, room: 4)
      #expect(!next.contains { $0.runClass == .stat })
      backlog.removeAll { $0.runClass == .stat }
      // Without any STAT run waiting, its account is closed.
      _ = serve(&backlog, &shares, count: 1, room: 1)
    }
  }

  @Test func whatIsDueFirstGoesFirstAndWhoHasNoDeadlineIsntForgotten() throws {
    let plain = try Self.run(tiles: 1, age: 86000)
    let backlog = [
      try Self.run(tiles: 1, age: 10, deadline: 5000), plain, try Self.run(tiles: 1, age: 99, deadline: 300),
    ]
    var shares = DispatchShares()
    let chosen = shares.choose(from: backlog, room: 3)
    #expect(chosen == [backlog[2].pass, plain.pass, backlog[0].pass])
  }

  @Test func aShareOutlivesTheProcess() throws {
    var shares = DispatchShares()
    let backlog = [try Self.run("a", tiles: 9, cost: 5), try Self.run("b", tiles: 9, cost: 5)]
    let first = shares.choose(from: backlog, room: 1)
    var restored = try JSONDecoder().decode(DispatchShares.self, from: JSONEncoder().encode(shares))
    #expect(restored == shares)
    #expect(restored.choose(from: backlog, room: 1) != first)
  }

  @Test func anyBacklogIsServedWholeAndNothingTwice() throws {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<50 {
      var shares = DispatchShares()
      let backlog = try (0..<Int.random(in: 0...20, using: &generator)).map { index in
        try Self.run(
          ["a", "b", "c"].randomElement()!, RunClass.allCases.randomElement()!, tiles: .random(in: 0...9),
          cost: [0, 1, 1e12].randomElement()!, age: .random(in: 0...1e6),
          deadline: Bool.random() ? .random(in: -1e5...1e5) : nil)
      }
      let chosen = shares.choose(from: backlog, room: 1000)
      #expect(
        Dictionary(grouping: chosen, by: { $0 }).mapValues(\.count)
          == Dictionary(uniqueKeysWithValues: backlog.filter { $0.tiles > 0 }.map { ($0.pass, $0.tiles) }))
    }
  }

  @Test func theWindowCountsWhatIsKnownOfTheBroker() {
    let plain = DispatchWindow(inFlight: 10)
    #expect(plain.room(queued: 7, unpublished: 0, lastMove: .seconds(1)) == 3)
    #expect(plain.room(queued: 12, unpublished: 0, lastMove: .seconds(1)) == 0)
    // All ten were given out and their results are slow in coming; only one waits at the broker.
    let looked = DispatchWindow(inFlight: 10, waiting: .init(limit: 4, found: 1, age: .milliseconds(5)))
    #expect(looked.room(queued: 10, unpublished: 1, lastMove: .seconds(1)) == 2)
    #expect(looked.room(queued: 10, unpublished: 0, lastMove: .milliseconds(4)) == 0, "another moved tiles since")
  }

  @Test func aTileIsOverdueAfterSeveralTimesItsUsualTime() {
    let rule = OverdueRule(shortest: .seconds(30), longest: .seconds(900), factor: 5)
    let speed = ModelSpeed(secondsPerOperation: 1e-9, deviation: 0, slowest: 2e-9, tiles: 100)
    #expect(rule.limit(speed, operations: 1e9) == .seconds(30))
    #expect(rule.limit(speed, operations: 1e10) == .seconds(100))
    #expect(rule.limit(speed, operations: 1e12) == .seconds(900))
    #expect(rule.limit(nil, operations: 1e10) == .seconds(900))
    #expect(rule.limit(speed, operations: 0) == .seconds(900))
    #expect(OverdueRule(shortest: .seconds(30), longest: .seconds(10)).limit(speed, operations: 1) == .seconds(10))
  }
}

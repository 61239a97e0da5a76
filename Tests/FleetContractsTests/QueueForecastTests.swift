import Digests
import FleetContracts
import Foundation
import Testing
import Testkit

/// Forecasts of runs' ends against a simulated fleet whose clock is known.
@Suite struct QueueForecastTests {
  private static let model = Digest(of: "model".utf8)

  /// Tiles of `operations` operations take `seconds` each, give or take `deviation`.
  private static func speeds(seconds: Double, deviation: Double) -> FleetSpeeds {
    let speed = ModelSpeed(
      secondsPerOperation: seconds / 1e9, deviation: deviation / 1e9, slowest: seconds * 2 / 1e9, tiles: 500)
    return FleetSpeeds(models: [model: speed], passOperations: [model: 40e9])
  }

  private static func run(
    tiles: Int, queued: Int = 0, age: Double = 0, _ runClass: RunClass = .routine, tenant: String = "default",
    state: RunState = .predicting, isPaused: Bool = false
  ) throws -> QueueLook.Run {
    let submitted = Date(timeIntervalSince1970: 1_000_000 - age)
    return QueueLook.Run(
      run: RunID(), runClass: runClass, tenant: try Tenant(tenant),
      due: runClass.due(deadline: nil, submittedAt: submitted),
      submittedAt: submitted, state: state, isPaused: isPaused, model: model, waitingTiles: tiles, queuedTiles: queued,
      tileOperations: 1e9, laterPasses: [])
  }

  /// Plays a fleet to its end: each free slot takes the next tile that `DispatchShares` gives it.
  /// - Returns: the seconds at which each run's last tile ended.
  private func play(
    _ runs: [QueueLook.Run], slots: Int, seconds: Double, spread: Double, tileSpread: Double,
    _ random: inout SplitMix64
  ) -> [RunID: Double] {
    func normal() -> Double {
      let (a, b) = (Double.random(in: .ulpOfOne..<1, using: &random), Double.random(in: 0..<1, using: &random))
      return (-2 * log(a)).squareRoot() * cos(2 * .pi * b)
    }
    var backlog = runs.map { run in
      BacklogRun(
        run: run.run, pass: PassID(), runClass: run.runClass, tenant: run.tenant, due: run.due,
        submittedAt: run.submittedAt, tiles: run.waitingTiles, tileCost: 1e9)
    }
    let speeds = Dictionary(uniqueKeysWithValues: runs.map { ($0.run, max(0.3, 1 + spread * normal())) })
    var shares = DispatchShares()
    var free = Array(repeating: 0.0, count: slots)
    var ends: [RunID: Double] = [:]
    while let pass = shares.choose(from: backlog, room: 1).first,
      let index = backlog.firstIndex(where: { $0.pass == pass })
    {
      let run = backlog[index].run
      backlog[index].tiles -= 1
      let slot = free.indices.min { free[$0] < free[$1] } ?? 0
      free[slot] += seconds * (speeds[run] ?? 1) * max(0.2, 1 + tileSpread * normal())
      ends[run] = max(ends[run] ?? 0, free[slot])
    }
    return ends
  }

  @Test func halfOfAllRunsEndBeforeTheMedianAndNineOfTenBeforeTheNinetieth() throws {
    var random = SplitMix64(seed: 5)
    var (beforeMedian, beforeNinetieth, count, error) = (0, 0, 0, 0.0)
    for _ in 0..<100 {
      let slots = [1, 2, 8, 32].randomElement(using: &random)!
      let runs = try (0..<Int.random(in: 2...12, using: &random)).map { index in
        try Self.run(
          tiles: .random(in: 5...60, using: &random), age: Double(100 - index),
          RunClass.allCases.randomElement(using: &random)!, tenant: ["a", "b"].randomElement(using: &random)!)
      }
      let look = QueueLook(
        runs: runs, speeds: Self.speeds(seconds: 10, deviation: 2), stepSeconds: [:], slots: slots)
      let ends = play(runs, slots: slots, seconds: 10, spread: 0.1, tileSpread: 0.2, &random)
      for run in runs {
        let forecast = try #require(look.forecast(of: run.run))
        let (median, ninetieth) = (try #require(forecast.median), try #require(forecast.ninetieth))
        let end = try #require(ends[run.run])
        #expect(ninetieth >= median)
        count += 1
        error += abs(end - median) / end
        if end <= median { beforeMedian += 1 }
        if end <= ninetieth { beforeNinetieth += 1 }
      }
    }
    let shares = (Double(beforeMedian) / Double(count), Double(beforeNinetieth) / Double(count))
    #expect((0.4...0.65).contains(shares.0) && (0.82...0.97).contains(shares.1), "\(shares) of \(count)")
    #expect(error / Double(count) < 0.1, "the median is off by \(error / Double(count)) on average")
  }

  @Test func thePlaceFollowsTheOrderOfEnds() throws {
    let runs = [
      try Self.run(tiles: 50, age: 99), try Self.run(tiles: 5, age: 50), try Self.run(tiles: 5, age: 1, .stat),
      try Self.run(tiles: 50, age: 200, .batch), try Self.run(tiles: 0, age: 300, state: .stitching),
    ]
    let look = QueueLook(runs: runs, speeds: Self.speeds(seconds: 10, deviation: 1), stepSeconds: [:], slots: 4)
    #expect(runs.map { look.forecast(of: $0.run)?.position } == [3, 4, 2, 5, 1])
    #expect(look.forecast(of: RunID()) == nil)
  }

  @Test func aRunThatNobodyComputesHasNoForecastButAReason() throws {
    let paused = try Self.run(tiles: 5, isPaused: true)
    let other = try Self.run(tiles: 5)
    var look = QueueLook(
      runs: [paused, other], speeds: Self.speeds(seconds: 10, deviation: 1), stepSeconds: [Self.model: 4], slots: 2)
    #expect(look.forecast(of: paused.run)?.reason == .paused && look.forecast(of: paused.run)?.position == 2)
    #expect(look.forecast(of: other.run)?.position == 1)
    let median = try #require(look.forecast(of: other.run)?.median)
    // 5 tiles of 10 s on 2 slots, and half of the 4 s of the other steps.
    #expect(abs(median - 34) < 5)
    look.slots = 0
    #expect(look.forecast(of: other.run)?.reason == .noWorkers && look.forecast(of: other.run)?.median == nil)
  }

  @Test func aHundredThousandTilesAreForecastInNoTime() throws {
    let runs = try (0..<300).map { try Self.run(tiles: 340, queued: 2, age: Double($0), tenant: "t\($0 % 20)") }
    let look = QueueLook(runs: runs, speeds: Self.speeds(seconds: 10, deviation: 1), stepSeconds: [:], slots: 1000)
    let forecast = try #require(look.forecast(of: runs[150].run)?.median)
    #expect(forecast > 300 && forecast < 1200)
  }
}

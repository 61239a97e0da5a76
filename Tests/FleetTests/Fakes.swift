import Digests
import Fleet
import FleetContracts
import Foundation
import Logging
import ServiceLifecycle
import Synchronization

/// Steps without voxels, so that the services can be tested fast: a run has `tiles` tiles, a tile's probabilities are its number.
struct CountingPreparer: RunPreparing {
  let store: any BlobStore
  let tiles: Int

  func prepare(_ run: RunRecord) async throws -> PassPlan {
    PassPlan(document: try await store.put(Blob(copying: Array("document".utf8))), tiles: tiles)
  }
}

struct NumberPredictor: TilePredicting {
  let store: any BlobStore
  var before: @Sendable (TileJob) async throws -> Void = { _ in }

  func predict(_ job: TileJob) async throws -> ComputedTile {
    try await before(job)
    let blob = Blob(copying: Array("tile \(job.tile)".utf8))
    return ComputedTile(
      probabilities: try await store.put(blob), bytes: blob.count, engine: "fake", timings: TileTimings(infer: 1))
  }
}

/// Joins the tiles' bytes in plan order.
struct JoiningStitcher: RunStitching {
  let store: any BlobStore

  func stitch(_ work: StitchClaim) async throws -> StitchOutcome {
    var all: [UInt8] = []
    for tile in work.tiles { all += try await store.get(tile).copy }
    let run = work.claim.run
    guard run.position == run.passes.count - 1 else {
      return .pass(
        PassOutcome(
          labelMap: try await store.put(Blob(copying: all)), labelVoxels: Digest(of: all), engines: work.engines,
          timings: work.timings))
    }
    // The passes before it come first.
    var joined: [UInt8] = []
    for outcome in run.passes.compactMap(\.outcome) { joined += try await store.get(outcome.labelMap).copy }
    joined += all
    return .run(
      RunOutcome(
        labelMap: try await store.put(Blob(copying: joined)), labelVoxels: Digest(of: joined), labels: [],
        timings: work.timings, engine: work.engines.joined(), softwareVersion: "test"))
  }
}

/// What `JoiningStitcher` makes of a run with so many tiles.
func expectedDigest(tiles: Int) -> Digest {
  Digest(of: (0..<tiles).flatMap { Array("tile \($0)".utf8) })
}

extension Logger {
  static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}

/// Runs the services until `body` has returned, then stops them in order.
func withServices<Result: Sendable>(
  _ services: [any Service], _ body: () async throws -> Result
) async throws -> Result {
  let group = ServiceGroup(configuration: .init(services: services, logger: .quiet))
  return try await withThrowingTaskGroup(of: Void.self) { tasks in
    tasks.addTask { try await group.run() }
    let result = try await body()
    await group.triggerGracefulShutdown()
    try await tasks.waitForAll()
    return result
  }
}

import Digests
import FleetContracts
import Foundation
import Processes
import Synchronization
import Testing
import Testkit

@testable import Fleet

/// What becomes of a tile whose process dies: processes that a shell plays, in the words of `ComputeReply`.
@Suite(.serialized) struct ChildPredictorTests {
  private static let ready = #"echo '{"ready":{}}' >&0; "#
  private static let begin = #"read job; echo '{"begun":{}}' >&0; "#
  private let job = TileJob(run: RunID(), pass: PassID(), epoch: 1, tile: 3, attempt: 1, document: Digest(of: []))
  private let tile = ComputedTile(
    probabilities: Digest(of: []), bytes: 12, engine: "fake", timings: TileTimings(infer: 1))

  /// Computes tile after tile.
  private var good: String {
    get throws {
      let answer = String(decoding: try ComputeReply.computed(tile).line(), as: UTF8.self)
      let failure = String(
        decoding: try ComputeReply.failed(RunFailure(kind: .invalid, reason: "No such fold.")).line(), as: UTF8.self)
      return Self.ready
        + #"while read job; do echo '{"begun":{}}' >&0; case $job in *'"tile":7'*) echo '\#(failure)' >&0 ;; *finish*) exit ;; *) echo '\#(answer)' >&0 ;; esac; done"#
    }
  }

  /// Starts the scripts in turn, the last of them again and again.
  private func predictor(_ scripts: [String], memoryKills: @escaping @Sendable () -> Int? = { 0 }) -> ChildPredictor {
    let starts = Mutex(0)
    let launcher = ComputeLauncher {
      let index = starts.withLock { starts in
        defer { starts += 1 }
        return min(starts, scripts.count - 1)
      }
      return try await ChildProcess(executable: "/bin/sh", arguments: ["-c", scripts[index]], environment: [:])
    } memoryKills: {
      memoryKills()
    }
    return ChildPredictor(launcher: launcher, logger: .quiet)
  }

  @Test(.timeLimit(.minutes(5)))
  func oneProcessComputesTileAfterTile() async throws {
    let predictor = predictor([try good])
    await predictor.warmUp()
    let process = try #require(predictor.processNumber)
    for _ in 0..<3 { #expect(try await predictor.predict(job).bytes == 12) }
    var unknown = job
    unknown.tile = 7
    await #expect(throws: RunFailure(kind: .invalid, reason: "No such fold.")) { try await predictor.predict(unknown) }
    #expect(predictor.processNumber == process)
    await predictor.finish()
    #expect(predictor.processNumber == nil)
  }

  @Test(.timeLimit(.minutes(5)))
  func whatKillsItsProcessIsPoisonAndTheNextTileHasAnother() async throws {
    let predictor = predictor([Self.ready + Self.begin + "kill -SEGV $$", try good])
    let failure = await #expect(throws: RunFailure.self) { try await predictor.predict(job) }
    #expect(failure?.kind == .poison && failure?.reason.contains("segmentation fault") == true)
    #expect(try await predictor.predict(job).engine == "fake")
  }

  @Test(.timeLimit(.minutes(5)), arguments: [true, false])
  func aKillIsForWantOfMemoryWhenTheKernelHasCountedOne(counted: Bool) async throws {
    let calls = Mutex(0)
    let predictor = predictor([Self.ready + Self.begin + "kill -KILL $$"]) {
      calls.withLock { calls in
        calls += 1
        return counted ? calls : 5
      }
    }
    let failure = await #expect(throws: RunFailure.self) { try await predictor.predict(job) }
    let wantOfMemory = FailureKind.outOfMemory
    #expect(failure?.kind == (counted ? wantOfMemory : .poison))
    #expect(failure?.reason.contains("want of memory") == counted)
  }

  @Test(.timeLimit(.minutes(5)))
  func aProcessThatDiesBeforeItHasTheTileCostsNothing() async throws {
    let predictor = predictor([Self.ready + "read job; exit 1", "exit 1", try good])
    #expect(try await predictor.predict(job).bytes == 12)
  }

  @Test(.timeLimit(.minutes(5)))
  func aProcessThatNeverGetsReadyLeavesTheTileToOthers() async throws {
    let failure = await #expect(throws: RunFailure.self) { try await predictor(["exit 69"]).predict(job) }
    #expect(failure?.kind == .transient)
  }

  @Test(.timeLimit(.minutes(5)))
  func anAbandonedTileIsNotComputedAnyMore() async throws {
    let folder = try TemporaryFolder()
    let mark = folder.url.appending(path: "begun").path
    let predictor = predictor([Self.ready + Self.begin + "touch '\(mark)'; while :; do :; done", try good])
    await predictor.warmUp()
    let process = try #require(predictor.processNumber)
    let waiter = Task { try await predictor.predict(job) }
    while !FileManager.default.fileExists(atPath: mark) { try await Task.sleep(for: .milliseconds(2)) }
    waiter.cancel()
    await #expect(throws: CancellationError.self) { try await waiter.value }
    #expect(kill(process, 0) == -1, "the process is gone")
    #expect(try await predictor.predict(job).bytes == 12)
  }

  @Test func pausesGrowToHalfAMinute() {
    let seconds = [1, 2, 3, 4, 5, 6, 100].map { ChildPredictor.pause(after: $0) }
    #expect(seconds.first == .milliseconds(100) && seconds[1] == .milliseconds(400) && seconds.last == .seconds(30))
    #expect(seconds == seconds.sorted())
  }
}

import FleetContracts
import Foundation
import PostgresLedger
import Testing
import Testkit

/// `tessera verify` and `tessera ledger check` on a run of a real fleet.
@Suite(
  .serialized,
  .enabled(if: PrivateServers.areInstalled, "needs rabbitmq-server and postgresql; Compose/install brings them"))
struct VerifyCommandTests {
  private struct Report: Decodable {
    struct Tile: Decodable {
      var verdict: String
      var tile: Int
    }

    var recordedRoot: String?
    var root: String
    var tiles: [Tile]
    var stitchedPasses: Int?
    var findings: [String]
  }

  private func verify(_ run: String, _ fleet: Fleet, _ arguments: [String] = []) async throws -> (Int32, Report) {
    let result = try await TesseraProcess.run(
      ["verify", run, "--seed", "7", "--json"] + arguments, environment: fleet.environment, folder: fleet.folder.url)
    try #require(result.code == 0 || result.code == 70, "\(result.log)")
    return (result.code, try Fleet.decode(Report.self, from: result.output))
  }

  private func check(_ fleet: Fleet) async throws -> Int32 {
    try await TesseraProcess.run(["ledger", "check"], environment: fleet.environment, folder: fleet.folder.url).code
  }

  /// As a database administrator would, past the guards.
  private func psql(_ sql: String, _ fleet: Fleet) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/psql")
    process.arguments = [
      try #require(fleet.environment["TESSERA_DATABASE_URL"]), "-v", "ON_ERROR_STOP=1", "-q", "-c",
      "SET session_replication_role = replica; \(sql)",
    ]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(sql)")
  }

  @Test(.timeLimit(.minutes(5)))
  func aRunIsVerifiedAndDamageIsFound() async throws {
    let fleet = try await Fleet()
    let roles = [
      try await fleet.start("dispatcher"), try await fleet.start("aggregator"), try await fleet.start("worker"),
    ]
    let run = try await fleet.submit(Fixtures.directory.appending(path: "demo/images/colin27_0000.nii.gz"))
    _ = try await fleet.digest(of: run)
    for role in roles {
      role.send(SIGTERM)
      _ = try await role.finish(within: 60)
    }

    let history = try await withLedger(fleet) { try await $0.history(of: try #require(RunID(run))) }
    let replayed = try RunLifecycle(replaying: history, passes: 1)
    #expect(replayed.state == .completed && replayed.epoch >= 2, "\(history)")

    let (code, sound) = try await verify(run, fleet, ["--sample", "2", "--stitch"])
    #expect(code == 0 && sound.findings == [], "\(sound.findings)")
    #expect(sound.recordedRoot == sound.root && sound.tiles.map(\.verdict) == ["same", "same"])
    #expect(sound.stitchedPasses == 1)
    #expect(try await check(fleet) == 0)

    // A measurement that somebody has changed.
    try psql("UPDATE fleet.label_statistics SET voxels = voxels + 1 WHERE run = '\(run)' AND label = 1", fleet)
    let (changed, ofRows) = try await verify(run, fleet, ["--sample", "0"])
    #expect(changed == 70 && ofRows.root != ofRows.recordedRoot)
    #expect(ofRows.findings.contains { $0.contains("rows were changed") }, "\(ofRows.findings)")
    #expect(try await check(fleet) == 70, "what was found breaks I6")
    try psql("UPDATE fleet.label_statistics SET voxels = voxels - 1 WHERE run = '\(run)' AND label = 1", fleet)
    #expect(try await verify(run, fleet, ["--sample", "0"]).0 == 0)
    #expect(try await check(fleet) == 0)

    // One bit of a stored tile.
    let tiles = try await tiles(of: run, fleet)
    let tile = tiles[0]
    let file = try #require(storedFile(tile, in: fleet.folder.url.appending(path: "store")))
    var bytes = try Data(contentsOf: file)
    bytes[bytes.count / 2] ^= 1
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file.path)
    try bytes.write(to: file)
    let (damaged, ofTile) = try await verify(run, fleet)
    #expect(damaged == 70 && ofTile.tiles.isEmpty)
    #expect(ofTile.findings.contains { $0.contains(tile) && $0.contains("damaged") }, "\(ofTile.findings)")

    // A tile that never was what it should have been: whole by its name, and wrong.
    bytes[bytes.count / 2] ^= 1
    try bytes.write(to: file)
    #expect(try await verify(run, fleet, ["--sample", "1"]).0 == 0)
    let other = try #require(tiles.first { $0 != tile })
    try psql(
      """
      UPDATE fleet.tile_results SET probabilities = '\(other)' WHERE probabilities = '\(tile)';
      UPDATE fleet.runs SET merkle_root = NULL WHERE id = '\(run)'
      """, fleet)
    let (wrong, ofDigest) = try await verify(run, fleet, ["--sample", "1000", "--stitch"])
    #expect(wrong == 70 && ofDigest.tiles.contains { $0.verdict == "differs" })
    #expect(ofDigest.findings.contains { $0.contains("label map") }, "\(ofDigest.findings)")
    try await runsWhoseTilesAreGone(run, tiles: tiles.count, fleet)
  }

  /// Rows that somebody has removed: some of a run's tile results, then all of them, then the pass. The run has no root that would tell.
  private func runsWhoseTilesAreGone(_ run: String, tiles: Int, _ fleet: Fleet) async throws {
    let results = "FROM fleet.tile_results USING fleet.passes WHERE pass = id AND run = '\(run)'"
    try psql("DELETE \(results) AND tile IN (0, 2)", fleet)
    let (partly, ofSome) = try await verify(run, fleet, ["--sample", "1000", "--stitch"])
    #expect(partly == 70 && ofSome.tiles.isEmpty && ofSome.stitchedPasses == nil)
    #expect(
      ofSome.findings.contains { $0.contains("Of the \(tiles) tiles of pass 0, \(tiles - 2) have a result") },
      "\(ofSome.findings)")
    for removal in ["DELETE \(results)", "DELETE FROM fleet.passes WHERE run = '\(run)'"] {
      try psql(removal, fleet)
      let nothing = try await TesseraProcess.run(
        ["verify", run, "--stitch"], environment: fleet.environment, folder: fleet.folder.url)
      #expect(nothing.code == 65 && nothing.log.contains("no tile results of run \(run) any more"), "\(nothing)")
    }
    // One that ended before its first tile.
    let cancelled = try await fleet.submit(Fixtures.directory.appending(path: "demo/images/colin27_0000.nii.gz"))
    try await fleet.succeed(["cancel", cancelled])
    let ended = try await TesseraProcess.run(
      ["verify", cancelled], environment: fleet.environment, folder: fleet.folder.url)
    #expect(ended.code == 65 && ended.log.contains("is cancelled") && ended.log.contains("has no result"), "\(ended)")
  }

  /// The accepted probabilities of the run's tiles, in plan order.
  private func tiles(of run: String, _ fleet: Fleet) async throws -> [String] {
    let id = try #require(RunID(run))
    let evidence = try await withLedger(fleet) { try await $0.evidence(of: id) }
    return try #require(evidence).passes.flatMap(\.tiles).map(\.probabilities.hexadecimal)
  }

  private func withLedger<Value>(_ fleet: Fleet, _ body: (PostgresLedger) async throws -> Value) async throws -> Value {
    let url = try #require(fleet.environment["TESSERA_DATABASE_URL"])
    let ledger = try await PostgresLedger.open(url: url, connections: 1)
    let value = try await body(ledger)
    await ledger.close()
    return value
  }

  private func storedFile(_ digest: String, in store: URL) -> URL? {
    guard let files = FileManager.default.enumerator(at: store, includingPropertiesForKeys: nil) else { return nil }
    for case let file as URL in files where file.path.hasSuffix(String(digest.dropFirst(2))) { return file }
    return nil
  }
}

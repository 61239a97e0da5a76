internal import Foundation

extension Scenario {
  static let storeFails = Scenario(
    row: 19, fault: "the store's disk is full, read-only; blobs are missing, cut short, damaged",
    means:
      "a store on a file system of 16 MiB that is filled, remounted read-only; the preprocessed volume is moved away, cut, changed, and put back, the pass document is changed and put back; a tile's probabilities are changed, then others moved away, for good",
    invariants: [.everyRunEnds, .oneResult, .sameBits, .tilesAddUp, .blobsVerify, .legalTransitions], seconds: 60,
    needs: [.servers, .smallDisk]
  ) { stage in
    let disk = try await SmallDisk(mebibytes: 16, at: stage.folder.appending(path: "disk"))
    stage.environment["TESSERA_STORE_URL"] = "file://\(disk.folder.path)"
    // Nothing is begun below it, and the whole disk is smaller.
    stage.environment["TESSERA_STORE_RESERVE"] = "1"
    stage.environment["TESSERA_CACHE_FOLDER"] = stage.folder.appending(path: "cache").path
    do {
      let findings = try await play(stage, disk)
      await stage.endProcesses()
      await disk.close()
      return findings
    } catch {
      await stage.endProcesses()
      await disk.close()
      throw error
    }
  }

  private static func play(_ stage: Stage, _ disk: SmallDisk) async throws -> [Finding] {
    // The model's blobs must be in this store too.
    try await stage.tessera(["model", "add", stage.study.modelFolder.path, "--name", stage.study.model])
    let dispatcher = try await stage.start(.dispatcher)
    let aggregator = try await stage.start(.aggregator)
    var noticed: [String] = []

    /// Breaks the store under a fresh worker, waits until a tile has failed, mends it.
    func whileBroken(
      _ name: String, _ breakIt: (_ run: String) async throws -> Void, _ mendIt: () async throws -> Void
    ) async throws {
      // It rests before its first tile: time to break the store.
      let worker = try await stage.start(.worker, fault: "worker.received@1=delay:4")
      let run = try await stage.submit(spare: noticed.count)
      try await stage.wait("tiles to be planned") { try await stage.state(of: run) == "predicting" }
      try await breakIt(run)
      do {
        try await stage.wait("a tile to fail") { worker.count(of: "tile failed") > 0 }
        noticed.append(name)
      } catch {
        try await mendIt()
        throw error
      }
      try await mendIt()
      try await stage.awaitEnds()
      worker.send(15)
      try await stage.wait("the worker to end") { !worker.isRunning }
    }

    try await whileBroken("full", { _ in try disk.fill() }, { try disk.empty() })
    try await whileBroken("read-only", { _ in try await disk.remount("ro") }, { try await disk.remount("rw") })
    var broken: SmallDisk.StoredBlob?
    let damages: [(name: String, damage: (Data) -> Data?)] = [
      ("missing volume", { _ in nil }), ("volume cut short", { $0.prefix($0.count / 2) }),
      ("damaged volume", flipped),
    ]
    for (name, damage) in damages {
      try await whileBroken(
        name,
        { _ in
          let volume = try disk.newestOfLargest()
          broken = volume
          try volume.replace(with: damage(volume.bytes))
        }, { try broken?.replace(with: broken?.bytes) })
    }
    try await whileBroken(
      "damaged document",
      { run in
        let documents = try await stage.ask("SELECT document FROM fleet.passes WHERE run = '\(run)'")
        let document = try disk.blob(documents.first?.first.flatMap { $0 } ?? "")
        broken = document
        try document.replace(with: flipped(document.bytes))
      }, { try broken?.replace(with: broken?.bytes) })
    // What is damaged after it was accepted is found by the stitcher, and nobody puts it back: it is computed again.
    try await stage.kill(aggregator)
    let stitcher = try await stage.start(.aggregator, fault: "stitcher.claimed@1=delay:4")
    try await stage.start(.worker)
    let losses: [(name: String, damage: (Data) -> Data?)] = [("damaged tile", flipped), ("missing tile", { _ in nil })]
    for (name, damage) in losses {
      let run = try await stage.submit(spare: noticed.count)
      try await stage.wait("the run to be stitched") { try await stage.state(of: run) == "stitching" }
      let tiles = try await stage.ask(
        """
        SELECT x.probabilities FROM fleet.tile_results x JOIN fleet.passes p ON p.id = x.pass
        WHERE p.run = '\(run)' ORDER BY x.tile OFFSET 17 LIMIT 1
        """)
      let tile = try disk.blob(tiles.first?.first.flatMap { $0 } ?? "")
      try tile.replace(with: damage(tile.bytes))
      try await stage.awaitEnds()
      let again = try await stage.count(
        "SELECT count(*) FROM fleet.rejected_results x JOIN fleet.passes p ON p.id = x.pass WHERE p.run = '\(run)'")
      if again == 1 { noticed.append(name) }
      if noticed.last != name { break }
    }
    return try await stage.examine([
      .everyRunEnds, .oneResult, .sameBits, .tilesAddUp, .blobsVerify, .legalTransitions,
    ]) + [
      Finding(
        "each is noticed, and nobody dies of it",
        holds: noticed.count == 8 && dispatcher.isRunning && stitcher.isRunning,
        "noticed: \(noticed.joined(separator: ", "))")
    ]
  }

  /// The bytes with one bit changed.
  private static func flipped(_ bytes: Data) -> Data? {
    var bytes = bytes
    bytes[bytes.startIndex + bytes.count / 2] ^= 1
    return bytes
  }
}

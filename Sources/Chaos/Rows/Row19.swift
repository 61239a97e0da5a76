internal import Foundation

extension Scenario {
  static let storeFails = Scenario(
    row: 19, fault: "the store's disk is full, read-only; blobs are missing, cut short, damaged",
    means:
      "a store on a file system of 16 MiB that is filled, remounted read-only; the preprocessed volume is moved away, cut, changed, and put back",
    invariants: [.everyRunEnds, .oneResult, .sameBits, .tilesAddUp, .blobsVerify, .legalTransitions], seconds: 40,
    needs: [.servers, .smallDisk]
  ) { stage in
    let disk = try await SmallDisk(mebibytes: 16, at: stage.folder.appending(path: "disk"))
    stage.environment["TESSERA_STORE_URL"] = "file://\(disk.folder.path)"
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
    try await stage.start(.aggregator)
    var noticed: [String] = []

    /// Breaks the store under a fresh worker, waits until a tile has failed, mends it.
    func whileBroken(_ name: String, _ breakIt: () async throws -> Void, _ mendIt: () async throws -> Void) async throws
    {
      // It rests before its first tile: time to break the store.
      let worker = try await stage.start(.worker, fault: "worker.received@1=delay:4")
      let run = try await stage.submit(spare: noticed.count)
      try await stage.wait("tiles to be planned") { try await stage.state(of: run) == "predicting" }
      try await breakIt()
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

    try await whileBroken("full", { try disk.fill() }, { try disk.empty() })
    try await whileBroken("read-only", { try await disk.remount("ro") }, { try await disk.remount("rw") })
    for (name, damage) in [
      ("missing", { (_: Data) -> Data? in nil }),
      ("cut short", { (bytes: Data) -> Data? in bytes.prefix(bytes.count / 2) }),
      (
        "damaged",
        { (bytes: Data) -> Data? in
          var bytes = bytes
          bytes[bytes.startIndex + bytes.count / 2] ^= 1
          return bytes
        }
      ),
    ] {
      var volume: SmallDisk.StoredBlob?
      try await whileBroken(
        name,
        {
          let found = try disk.newestOfLargest()
          volume = found
          try found.replace(with: damage(found.bytes))
        }, { try volume?.replace(with: volume?.bytes) })
    }
    return try await stage.examine([
      .everyRunEnds, .oneResult, .sameBits, .tilesAddUp, .blobsVerify, .legalTransitions,
    ]) + [
      Finding(
        "each is noticed, and nobody dies of it", holds: noticed.count == 5 && dispatcher.isRunning,
        "noticed: \(noticed.joined(separator: ", "))")
    ]
  }
}

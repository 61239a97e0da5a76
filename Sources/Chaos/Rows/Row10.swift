extension Scenario {
  static let outOfMemory = Scenario(
    row: 10, fault: "the kernel kills a worker for want of memory",
    means: "a worker in a control group of 192 MiB with worker.computed@3=hog:512; then one with more memory",
    invariants: [.everyRunEnds, .oneResult, .sameBits, .tilesAddUp, .fewRepeats], seconds: 15, needs: [.memoryGroup]
  ) { stage in
    let group = try MemoryGroup(mebibytes: 192)
    do {
      try await stage.start(.dispatcher)
      try await stage.start(.aggregator)
      try await stage.start(.worker, fault: "worker.computed@3=hog:512", wrapper: group.wrapper)
      try await stage.submit()
      try await stage.wait("the kernel to kill for want of memory") { group.kills > 0 }
      try await stage.start(.worker)
      try await stage.awaitEnds()
      let kills = group.kills
      let classified = try await stage.count(
        """
        SELECT count(*) FROM fleet.tile_failures f JOIN fleet.passes p ON p.id = f.pass
        WHERE p.run IN \(stage.runList) AND f.kind = 'out_of_memory'
        """)
      let findings = try await stage.examine(
        [.everyRunEnds, .oneResult, .sameBits, .tilesAddUp, .fewRepeats], repeats: kills)
      await stage.endProcesses()
      group.remove()
      return findings + [
        Finding(
          "a worker with more memory takes the tile", holds: kills > 0,
          "\(kills) kills by the kernel, \(classified) failures noted as out_of_memory")
      ]
    } catch {
      await stage.endProcesses()
      group.remove()
      throw error
    }
  }
}

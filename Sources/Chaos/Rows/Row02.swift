extension Scenario {
  static let relayKilledAfterPublishing = Scenario(
    row: 2, fault: "relay killed after publishing, before it notes so",
    means: "a dispatcher with relay.published=kill, then one without",
    invariants: [.everyRunEnds, .oneResult, .sameBits, .tilesAddUp, .blobsVerify, .legalTransitions], seconds: 10,
    isQuick: true, needs: []
  ) { stage in
    let relay = try await stage.start(.dispatcher, fault: "relay.published=kill")
    try await stage.start(.aggregator)
    try await stage.start(.worker)
    try await stage.submit()
    try await stage.wait("the relay to die") { relay.wasKilled }
    try await stage.start(.dispatcher)
    try await stage.awaitEnds()
    return try await stage.examine([
      .everyRunEnds, .oneResult, .sameBits, .tilesAddUp, .blobsVerify, .legalTransitions,
    ])
  }
}

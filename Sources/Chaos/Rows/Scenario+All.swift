extension Scenario {
  /// The chaos table, in the order of its rows.
  public static let all: [Scenario] = [
    submitterKilled, relayKilledAfterPublishing, relayWithoutConfirm, queueDeleted, workerKilled, workerFrozen,
    ackTooLate, wrongBytes, poisonTile, outOfMemory,
    aggregatorKilled, resultsRepeatedAndReordered, stitcherKilled, brokerLost, brokerAlarm, clusterBroken,
    databaseLost, deadlockStorm, storeFails, clocksJump, drained, versionsMixed, cancelRaces,
    deadLetterReplayedTwice,
  ]
}

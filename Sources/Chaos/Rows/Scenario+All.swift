extension Scenario {
  /// The chaos table, in the order of its rows.
  public static let all: [Scenario] = [
    submitterKilled, relayKilledAfterPublishing, relayWithoutConfirm, queueDeleted, workerKilled, workerFrozen,
    aggregatorKilled, resultsRepeatedAndReordered, stitcherKilled, brokerLost, brokerAlarm,
    databaseLost, deadlockStorm, storeFails, clocksJump, drained, versionsMixed, cancelRaces,
  ]
}

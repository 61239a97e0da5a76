public import FleetContracts
internal import Foundation

extension InMemoryLedger {
  public func note(_ status: WorkerStatus) async throws {
    let known = knownWorkers[status.worker]
    let isSameLife = known?.status.life == status.life
    if isSameLife, let known, known.status.number >= status.number { return }
    var status = status
    status.busySlots = min(status.busySlots, status.slots)
    knownWorkers[status.worker] = KnownWorker(
      status: status, startedAt: isSameLife ? known?.startedAt ?? now : now, seenAt: now)
  }

  public func workers() async throws -> [WorkerRecord] {
    let (now, date) = (now, Date())
    return knownWorkers.values.sorted { $0.status.worker.utf8.lexicographicallyPrecedes($1.status.worker.utf8) }
      .map { worker in
        WorkerRecord(
          status: worker.status, startedAt: date.addingTimeInterval((worker.startedAt - now) / .seconds(1)),
          seenAt: date.addingTimeInterval((worker.seenAt - now) / .seconds(1)),
          isLost: worker.status.state != .stopped && now - worker.seenAt > WorkerStatus.patience)
      }
  }
}

/// A worker's last word, and when it came by the ledger's clock.
struct KnownWorker {
  var status: WorkerStatus
  var startedAt: Duration
  var seenAt: Duration
}

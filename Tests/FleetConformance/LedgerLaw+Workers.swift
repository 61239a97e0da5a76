internal import FleetContracts
internal import Foundation
internal import Testing

extension LedgerLaw {
  private static func status(
    _ number: Int, _ state: WorkerStatus.State = .running, worker: String = "host-1", life: UUID = UUID()
  ) -> WorkerStatus {
    WorkerStatus(
      worker: worker, life: life, number: number, host: "host", state: state, slots: 2,
      busySlots: state == .stopped ? 0 : 1,
      engine: "winograd/avx512", softwareVersion: "1.0", memoryLimit: 4 << 30, memory: 1 << 30, tiles: 7,
      tileSeconds: 1.5)
  }

  static let workers = [
    LedgerLaw("a worker's last word is there, whole") { bench in
      let ledger = try await bench.ledger()
      #expect(try await ledger.workers() == [])
      let life = UUID()
      let before = Date()
      var last = status(2, .draining, life: life)
      (last.engine, last.memory, last.memoryLimit, last.tileSeconds) = (nil, nil, nil, nil)
      try await ledger.note(status(1, .starting, life: life))
      try await ledger.note(last)
      let workers = try await ledger.workers()
      #expect(workers.map(\.status) == [last])
      #expect(workers.allSatisfy { $0.isPresent && abs($0.seenAt.timeIntervalSince(before)) < 60 })
      #expect(workers.allSatisfy { $0.startedAt <= $0.seenAt })
    },
    LedgerLaw("an older word of a worker changes nothing, a new life begins anew") { bench in
      let ledger = try await bench.ledger()
      let life = UUID()
      try await ledger.note(status(5, life: life))
      try await ledger.note(status(4, .starting, life: life))
      #expect(try await ledger.workers().map(\.status.number) == [5])
      let next = status(1, .starting)
      try await ledger.note(next)
      #expect(try await ledger.workers().map(\.status) == [next])
    },
    LedgerLaw("a worker that falls silent is lost, one that has said farewell is not") { bench in
      let ledger = try await bench.ledger()
      let life = UUID()
      try await ledger.note(status(1, life: life))
      try await ledger.note(status(1, .stopped, worker: "host-2"))
      try await bench.advance(by: WorkerStatus.patience - .seconds(10))
      #expect(try await ledger.workers().map(\.isLost) == [false, false])
      try await bench.advance(by: .seconds(11))
      #expect(try await ledger.workers().map(\.isLost) == [true, false])
      #expect(try await ledger.workers().map(\.isPresent) == [false, false])
      try await ledger.note(status(2, life: life))
      #expect(try await ledger.workers().map(\.isLost) == [false, false])
    },
  ]
}

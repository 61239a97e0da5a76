internal import FleetContracts
internal import FleetMetrics
internal import Foundation
internal import Logging
internal import Synchronization

/// Keeps count of what a worker does, and tells it to whoever reads the queue of the workers' words.
///
/// A word is said at once when the state changes, else in intervals: the counts of busy slots and tiles may be a little old.
final class WorkerPresence: Sendable {
  private let status: Mutex<WorkerStatus>
  private let latest = Mutex(LatestSeconds())
  private let queue: any JobQueue
  private let facts: WorkerFacts?
  private let logger: Logger
  private let changes: AsyncStream<Void>
  private let changed: AsyncStream<Void>.Continuation

  /// How long the last word may take: a broker that is away doesn't hold up the process.
  private static let farewell = Duration.seconds(2)

  /// - Parameter facts: `nil` for a worker that nobody wants to hear of.
  init(name: String, slots: Int, facts: WorkerFacts?, queue: any JobQueue, logger: Logger) {
    self.queue = queue
    self.facts = facts
    self.logger = logger
    status = Mutex(
      WorkerStatus(
        worker: name, life: UUID(), number: 0, host: facts?.host ?? "", state: .starting, slots: slots, busySlots: 0,
        softwareVersion: facts?.softwareVersion ?? "", memoryLimit: facts?.memoryLimit))
    // One wake-up stands for all changes that came before it.
    (changes, changed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    countBusySlots()
  }

  var state: WorkerStatus.State { status.withLock { $0.state } }

  /// The worker is in another state; a stopped one stays so, and one that drains never runs again.
  func become(_ state: WorkerStatus.State) {
    let isNews = status.withLock { status in
      guard status.state != state, status.state != .stopped, status.state != .draining || state == .stopped else {
        return false
      }
      status.state = state
      return true
    }
    if isNews { changed.yield() }
  }

  func tileBegins() {
    status.withLock { $0.busySlots += 1 }
    countBusySlots()
  }

  private func countBusySlots() {
    FleetMetrics.workerBusyRatio.set(status.withLock { Double($0.busySlots) / Double(max(1, $0.slots)) })
  }

  /// - Parameter computed: the tile's engine, and the seconds from its beginning to its stored result; `nil` when there is none.
  func tileEnds(computed: (engine: String, seconds: Double)?) {
    let median = computed.map { computed in
      latest.withLock {
        $0.add(computed.seconds)
        return $0.median
      }
    }
    status.withLock { status in
      status.busySlots -= 1
      guard let computed, let median else { return }
      status.tiles += 1
      status.engine = computed.engine
      status.tileSeconds = median
    }
    countBusySlots()
  }

  /// Says what there is to say until the task is cancelled.
  func report() async {
    guard let facts else { return }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { [changed] in
        repeat { changed.yield() } while (try? await Task.sleep(for: facts.interval)) != nil
      }
      for await _ in changes { await say(within: facts.interval) }
    }
  }

  /// The worker has ended; returns when that is said, or soon.
  func farewell() async {
    become(.stopped)
    if facts != nil { await say(within: Self.farewell) }
  }

  private func say(within limit: Duration) async {
    let memory = facts?.memory()
    let word = status.withLock { status in
      status.number += 1
      status.memory = memory
      return status
    }
    let queue = queue
    do {
      let message = try QueueMessage(word)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await queue.publish(message, to: .workers) }
        group.addTask { try await Task.sleep(for: limit) }
        // Whichever is first: a word that can't be said in time is superseded by the next.
        try await group.next()
        group.cancelAll()
      }
    } catch is CancellationError {
    } catch {
      logger.debug("status not told", metadata: ["error": "\(error)"])
    }
  }
}

/// The seconds of the latest tiles.
struct LatestSeconds {
  private static let most = 64

  private var seconds: [Double] = []
  private var next = 0

  mutating func add(_ value: Double) {
    if seconds.count < Self.most {
      seconds.append(value)
    } else {
      seconds[next] = value
      next = (next + 1) % Self.most
    }
  }

  /// `nil` where there are none.
  var median: Double? {
    let sorted = seconds.sorted()
    return sorted.isEmpty ? nil : (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }
}

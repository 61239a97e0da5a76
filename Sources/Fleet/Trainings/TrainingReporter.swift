internal import FleetContracts
internal import Synchronization

/// Sends what a trainer has to say of one job, in order and confirmed, while the training goes on: an outage of the broker delays reports,
/// and nothing else.
final class TrainingReporter: Sendable {
  private let job: TrainingJob
  private let worker: String
  private let queue: any JobQueue
  private let waiting: AsyncStream<TrainingReport.News>
  private let entrance: AsyncStream<TrainingReport.News>.Continuation
  private let number = Mutex(0)

  init(_ job: TrainingJob, worker: String, queue: any JobQueue) {
    self.job = job
    self.worker = worker
    self.queue = queue
    (waiting, entrance) = AsyncStream.makeStream(of: TrainingReport.News.self)
  }

  /// Returns when the broker has taken it.
  func send(_ news: TrainingReport.News) async throws {
    let number = number.withLock { number in
      number += 1
      return number
    }
    try await queue.publish(
      try QueueMessage(TrainingReport(job, worker: worker, news), number: number), to: .trainingReports)
  }

  /// To be sent as soon as all before it are.
  func add(_ news: TrainingReport.News) { entrance.yield(news) }

  /// Nothing more is added.
  func finish() { entrance.finish() }

  /// Sends what is added, until `finish`, and between a sign of life three times in each lease.
  func run() async throws {
    let lease = Duration.seconds(max(0.1, job.leaseSeconds))
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        while true {
          try await Task.sleep(for: lease / 3)
          try await self.send(.alive)
        }
      }
      group.addTask { for await news in self.waiting { try await self.send(news) } }
      defer { group.cancelAll() }
      try await group.next()
    }
  }
}

internal import Synchronization
internal import Threads

/// Makes batches on threads of its own while the network computes, and hands them out in the schedule's order.
///
/// At most `ahead` batches wait; each thread has one more in work. The threads end when the schedule is done, after an error, or when the
/// prefetcher goes.
public final class BatchPrefetcher: Sendable {
  private let queue: OrderedQueue<Result<TrainingBatch, any Error>>
  private let waiting = Mutex(Duration.zero)

  /// How long `next` has waited in all: next to nothing where making batches hides behind computing.
  public var waited: Duration { waiting.withLock { $0 } }

  /// - Parameters:
  ///   - threads: that make batches; more than one only where one can't keep up.
  ///   - ahead: batches that may wait, at least 1.
  /// - Throws: `ThreadError`.
  public init(_ source: BatchSource, schedule: BatchSchedule, threads: Int = 1, ahead: Int = 4) throws {
    let queue = OrderedQueue<Result<TrainingBatch, any Error>>(count: schedule.count, ahead: ahead)
    self.queue = queue
    do {
      for thread in 0..<max(1, threads) {
        try NamedThread.start(name: "batches-\(thread)") {
          while let place = queue.claim() {
            let batch = Result { try source.batch(schedule[place]) }
            queue.deliver(batch, at: place)
            if case .failure = batch { break }
          }
        }
      }
    } catch {
      queue.close()  // those that have started end
      throw error
    }
  }

  deinit { queue.close() }

  /// The next batch, as soon as it is there; `nil` at the schedule's end, after `stop` and after an error.
  /// - Throws: what making the batch threw.
  public func next() throws -> TrainingBatch? {
    let start = ContinuousClock.now
    let batch = queue.take()
    waiting.withLock { $0 += ContinuousClock.now - start }
    do {
      return try batch?.get()
    } catch {
      stop()
      throw error
    }
  }

  /// Makes no more batches; who waits in `next` gets `nil`.
  public func stop() { queue.close() }
}

internal import FleetContracts
internal import Synchronization

/// A message that has arrived and can be settled by its key.
struct ArrivedMessage: Sendable {
  var message: QueueMessage
  var earlierDeliveries: Int
  /// Of a dead letter: where it was rejected.
  var origin: QueueName?
  var reply: ReplyAddress?
  var routingKey: String?
  var key: DeliveryKey
}

/// Between the broker thread, which puts, and tasks, which take. It holds at most the consumer's prefetch.
final class DeliveryBuffer: Sendable {
  private typealias Waiter = CheckedContinuation<ArrivedMessage?, Never>

  private struct State {
    var arrived: [ArrivedMessage] = []
    var waiters: [(ticket: UInt64, continuation: Waiter)] = []
    var lastTicket: UInt64 = 0
    /// Messages of earlier channels are void.
    var oldestChannel: UInt64 = 0
    var isFinished = false
  }

  private let state = Mutex(State())

  /// Hands a message to the task that has waited longest, or keeps it.
  /// - Returns: `false` when the buffer is finished: the message has to go back to the broker.
  func put(_ message: ArrivedMessage) -> Bool { insert(message, atFront: false) }

  /// Takes back a message that nobody has seen; it is the next to be handed out.
  /// - Returns: `false` when the buffer is finished: the message has to go back to the broker.
  func giveBack(_ message: ArrivedMessage) -> Bool { insert(message, atFront: true) }

  private func insert(_ message: ArrivedMessage, atFront: Bool) -> Bool {
    let (accepted, waiter) = state.withLock { state -> (Bool, Waiter?) in
      if message.key.channel < state.oldestChannel { return (true, nil) }
      if state.isFinished { return (false, nil) }
      if !state.waiters.isEmpty { return (true, state.waiters.removeFirst().continuation) }
      state.arrived.insert(message, at: atFront ? 0 : state.arrived.endIndex)
      return (true, nil)
    }
    waiter?.resume(returning: message)
    return accepted
  }

  /// Waits for a message; `nil` when the buffer is finished or the task cancelled.
  func take() async -> ArrivedMessage? {
    let ticket = state.withLock { state in
      state.lastTicket += 1
      return state.lastTicket
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let (isAnswered, message) = state.withLock { state -> (Bool, ArrivedMessage?) in
          // A cancellation before this point finds no waiter to strike, so none may be left behind.
          if Task.isCancelled || state.isFinished { return (true, nil) }
          if !state.arrived.isEmpty { return (true, state.arrived.removeFirst()) }
          state.waiters.append((ticket, continuation))
          return (false, nil)
        }
        if isAnswered { continuation.resume(returning: message) }
      }
    } onCancel: {
      let waiter = state.withLock { state -> Waiter? in
        guard let index = state.waiters.firstIndex(where: { $0.ticket == ticket }) else { return nil }
        return state.waiters.remove(at: index).continuation
      }
      waiter?.resume(returning: nil)
    }
  }

  /// Takes what has arrived, without waiting.
  func takeArrived(atMost limit: Int) -> [ArrivedMessage] {
    guard limit > 0 else { return [] }
    return state.withLock { state in
      let taken = Array(state.arrived.prefix(limit))
      state.arrived.removeFirst(taken.count)
      return taken
    }
  }

  /// Forgets the messages of channels before `channel`: the broker will deliver them again.
  func channelLost(next channel: UInt64) {
    state.withLock { state in
      state.oldestChannel = channel
      state.arrived.removeAll { $0.key.channel < channel }
    }
  }

  /// No more messages: all who wait get `nil`.
  /// - Returns: Messages that nobody took.
  func finish() -> [ArrivedMessage] {
    let (left, waiters) = state.withLock { state in
      state.isFinished = true
      defer {
        state.arrived = []
        state.waiters = []
      }
      return (state.arrived, state.waiters)
    }
    for waiter in waiters { waiter.continuation.resume(returning: nil) }
    return left
  }
}

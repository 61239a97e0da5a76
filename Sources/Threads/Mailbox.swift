internal import CLinux
internal import Glibc
internal import Synchronization

/// The way into a thread that sleeps in `poll`: anybody sends, the owner of the thread waits for messages and for input of a
/// socket at the same time.
///
///     while let messages = mailbox.take() {
///       handle(messages)
///       readWhatIsThere(socket)
///       mailbox.wait(orInputOn: socket, atMost: .seconds(1))
///     }
public final class Mailbox<Message: Sendable>: Sendable {
  private let wakeUp: Int32
  private let state = Mutex(State())

  private struct State {
    var messages: [Message] = []
    var isClosed = false
  }

  /// - Throws: `ThreadError.unavailable` where the process has no file descriptor left.
  public init() throws(ThreadError) {
    wakeUp = tessera_eventfd()
    if wakeUp < 0 { throw .unavailable("an event descriptor", code: errno) }
  }

  deinit { Glibc.close(wakeUp) }

  /// Hands a message to the thread. Never blocks.
  /// - Returns: `false` when the mailbox is closed: nobody will read the message.
  @discardableResult
  public func send(_ message: Message) -> Bool {
    let (accepted, wakes) = state.withLock { state in
      guard !state.isClosed else { return (false, false) }
      state.messages.append(message)
      // The owner takes all messages at once, so only the first has to wake it.
      return (true, state.messages.count == 1)
    }
    if wakes { tessera_eventfd_signal(wakeUp) }
    return accepted
  }

  /// All messages that have come, in order; empty when there are none. For the owner only.
  public func take() -> [Message] {
    // First the descriptor, then the list: a message that comes in between is taken and wakes once in vain, never the reverse.
    tessera_eventfd_clear(wakeUp)
    return state.withLock { state in
      defer { state.messages = [] }
      return state.messages
    }
  }

  /// From now on `send` returns `false`.
  /// - Returns: The messages that were not taken.
  public func close() -> [Message] {
    state.withLock { state in
      state.isClosed = true
      defer { state.messages = [] }
      return state.messages
    }
  }

  /// Sleeps until there is a message, input on `descriptor`, an error on it, or until `limit` has passed. It may return early.
  /// For the owner only.
  public func wait(orInputOn descriptor: Int32? = nil, atMost limit: Duration) {
    var sources = [
      pollfd(fd: wakeUp, events: Int16(POLLIN), revents: 0),
      pollfd(fd: descriptor ?? -1, events: Int16(POLLIN), revents: 0),  // poll skips negative descriptors
    ]
    let (seconds, attoseconds) = limit.components
    // Rounded up, so that a wait for the last fraction of a millisecond isn't a busy loop.
    let milliseconds = seconds.multipliedReportingOverflow(by: 1000)
    let fraction = (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    let timeout = milliseconds.overflow ? Int64(Int32.max) : milliseconds.partialValue + fraction
    poll(&sources, 2, Int32(clamping: max(0, timeout)))
  }
}

internal import FleetContracts
internal import FleetMetrics
internal import Synchronization
internal import Threads

/// A few connections, each with a thread of its own that blocks in libpq while callers only await.
final class ConnectionPool: Sendable {
  private let settings: ConnectionSettings
  private let largest: Int
  private let patience: Duration
  private let state = Mutex(State())

  private struct State {
    var idle: [Lane] = []
    var made = 0
    var waiting: [(ticket: Int, continuation: CheckedContinuation<Lane?, Never>)] = []
    var lastTicket = 0
    var isClosed = false
  }

  init(_ settings: ConnectionSettings, connections: Int, patience: Duration) {
    self.settings = settings
    largest = max(1, connections)
    self.patience = patience
  }

  /// Runs `body` in a transaction, again and again as long as `RetryPlan` says so. So it must be harmless when it is run twice,
  /// also after a commit that nobody heard of.
  ///
  /// Cancelling the calling task ends waiting (for a connection, for the server to come back), never a transaction.
  func transaction<Value: Sendable>(
    _ body: @escaping @Sendable (PostgresConnection) throws -> Value
  ) async throws -> Value {
    try await FleetMetrics.transactionSeconds.measure { try await patiently { try $0.transaction(body) } }
  }

  /// The same, when `question` finds a row. It is asked outside of any transaction, so that a look for work that finds none, as most do in a quiet
  /// night, costs a single short statement.
  /// - Returns: `nil` when it finds nothing.
  func transaction<Value: Sendable>(
    when question: String, _ body: @escaping @Sendable (PostgresConnection) throws -> Value
  ) async throws -> Value? {
    try await FleetMetrics.transactionSeconds.measure {
      try await patiently { try $0.execute(question).isEmpty ? nil : $0.transaction(body) }
    }
  }

  private func patiently<Value: Sendable>(
    _ body: @escaping @Sendable (PostgresConnection) throws -> Value
  ) async throws -> Value {
    let lane = try await take()
    defer { giveBack(lane) }
    let start = ContinuousClock.now
    var plan = RetryPlan(patience: patience)
    while true {
      do {
        return try await lane.run(settings, body)
      } catch let error as PostgresError {
        switch plan.decide(after: error, at: ContinuousClock.now - start, chance: .random(in: 0..<1)) {
        case .rethrow: throw error
        case .giveUp(let error): throw error
        case .retry(let pause):
          FleetMetrics.transactionRetries.increment()
          try await Task.sleep(for: pause)
        }
        if state.withLock({ $0.isClosed }) { throw Self.closed }
      }
    }
  }

  /// Closes all connections, when the transactions under way are done.
  func close() async {
    let (idle, waiting) = state.withLock { state in
      state.isClosed = true
      defer {
        state.idle = []
        state.waiting = []
      }
      return (state.idle, state.waiting)
    }
    for waiter in waiting { waiter.continuation.resume(returning: nil) }
    for lane in idle { await lane.close() }
  }

  private static let closed = LedgerError.unavailable("it was closed by this process.")

  private func take() async throws -> Lane {
    // Looks first, so that a task that was cancelled can still hand back what it holds.
    if let lane = try takeNow() { return lane }
    let ticket = state.withLock { state in
      state.lastTicket += 1
      return state.lastTicket
    }
    let lane: Lane? = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let now: Lane?? = state.withLock { state in
          if state.isClosed || Task.isCancelled { return .some(nil) }
          if let lane = state.idle.popLast() { return lane }
          state.waiting.append((ticket, continuation))
          return nil
        }
        if let now { continuation.resume(returning: now) }
      }
    } onCancel: {
      let waiter = state.withLock { state in
        state.waiting.firstIndex { $0.ticket == ticket }.map { state.waiting.remove(at: $0) }
      }
      waiter?.continuation.resume(returning: nil)
    }
    if let lane { return lane }
    try Task.checkCancellation()
    throw Self.closed
  }

  private func takeNow() throws -> Lane? {
    let number: Int? = try state.withLock { state in
      if state.isClosed { throw Self.closed }
      if !state.idle.isEmpty || state.made == largest { return nil }
      state.made += 1
      return state.made
    }
    guard let number else { return state.withLock { $0.idle.popLast() } }
    do {
      return try Lane(name: "postgres-\(number)")
    } catch {
      state.withLock { $0.made -= 1 }
      throw error
    }
  }

  private func giveBack(_ lane: Lane) {
    let waiter = state.withLock { state -> CheckedContinuation<Lane?, Never>? in
      if !state.waiting.isEmpty { return state.waiting.removeFirst().continuation }
      if !state.isClosed { state.idle.append(lane) }
      return nil
    }
    // Nobody waits and the pool is closed: the lane, its thread and connection go with the last reference.
    waiter?.resume(returning: lane)
  }
}

/// A thread and its connection.
private final class Lane: Sendable {
  private let thread: BlockingThread
  private let session = Session()

  /// Touched by closures on the lane's thread only, which run one after the other.
  private final class Session: @unchecked Sendable {
    var connection: PostgresConnection?
  }

  init(name: String) throws { thread = try BlockingThread(name: name) }

  func run<Value: Sendable>(
    _ settings: ConnectionSettings, _ body: @escaping @Sendable (PostgresConnection) throws -> Value
  ) async throws -> Value {
    try await thread.run { [session] in
      let connection = try session.connection ?? PostgresConnection(prepared: settings)
      session.connection = connection
      defer { if connection.isBroken { session.connection = nil } }
      return try body(connection)
    }
  }

  func close() async {
    try? await thread.run { [session] in session.connection = nil }
    await thread.close()
  }
}

extension PostgresConnection {
  /// A connection for short transactions: one that hangs, for whatever reason, doesn't keep others waiting for ever.
  fileprivate convenience init(prepared settings: ConnectionSettings) throws {
    try self.init(settings)
    try run(
      script: """
        SET statement_timeout = '60s';
        SET lock_timeout = '20s';
        SET idle_in_transaction_session_timeout = '60s';
        SET default_transaction_isolation = 'read committed';
        """)
  }
}

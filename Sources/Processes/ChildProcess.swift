internal import CProcesses
internal import Glibc
internal import Synchronization
internal import Threads

/// A child process of this program, and a channel of lines to it.
///
/// The child has the channel as its standard input, and this process's standard error for both of its outputs; no other descriptor of
/// this process reaches it, a broker's socket least of all. It leads a process group of its own, so a terminal's Ctrl-C isn't meant for it.
/// A thread of its own starts the child and stays until it has ended, as the kernel ties a child that wants to die with its parent
/// to the thread that started it (`ParentTies`).
public final class ChildProcess: Sendable {
  /// The process's number.
  public let number: Int32
  /// What the child says, line by line, until it has ended.
  public let lines: AsyncStream<[UInt8]>
  private let channel: LineChannel
  private let state: SharedState

  private final class SharedState: Sendable {
    struct State {
      var end: ProcessEnd?
      var waiters: [CheckedContinuation<ProcessEnd, Never>] = []
    }
    let value = Mutex(State())
  }

  /// Starts `executable`.
  /// - Parameters:
  ///   - arguments: without the program's name.
  ///   - environment: all of the child's.
  /// - Throws: `ProcessError`, `ThreadError`.
  public init(executable: String, arguments: [String], environment: [String: String]) async throws {
    let ends = try Self.socketPair()
    let state = SharedState()
    let (lines, speaker) = AsyncStream<[UInt8]>.makeStream()
    self.state = state
    self.lines = lines
    let channel = LineChannel(descriptor: ends.own)
    self.channel = channel
    number = try await withCheckedThrowingContinuation { continuation in
      do {
        try NamedThread.start(name: "child") {
          let started = Self.spawn(executable, arguments, environment, input: ends.childs)
          Glibc.close(ends.childs)
          continuation.resume(with: started)
          guard case .success(let number) = started else {
            Glibc.close(ends.own)
            return speaker.finish()
          }
          channel.receive { speaker.yield($0) }
          Self.reap(number, state, closing: ends.own)
          speaker.finish()
        }
      } catch {
        Glibc.close(ends.own)
        Glibc.close(ends.childs)
        continuation.resume(throwing: error)
      }
    }
  }

  deinit { kill() }

  public var hasEnded: Bool { state.value.withLock { $0.end != nil } }

  /// Sends a line to the child.
  /// - Returns: Whether it is still there.
  public func send(_ line: [UInt8]) -> Bool {
    // Under the lock, so that the descriptor isn't closed meanwhile; the child reads all the time, so this doesn't block.
    state.value.withLock { $0.end == nil && channel.send(line) }
  }

  /// Kills the child, whatever it does, and the processes that it started: they would hold the channel open.
  public func kill() {
    // Under the lock, so that the number still is this child's.
    state.value.withLock { if $0.end == nil { Glibc.kill(-number, SIGKILL) } }
  }

  /// Waits for the child's end.
  public func end() async -> ProcessEnd {
    await withCheckedContinuation { continuation in
      let end = state.value.withLock { state in
        if state.end == nil { state.waiters.append(continuation) }
        return state.end
      }
      if let end { continuation.resume(returning: end) }
    }
  }

  /// Two ends of a stream, which no other child inherits.
  private static func socketPair() throws(ProcessError) -> (own: Int32, childs: Int32) {
    var ends: [Int32] = [-1, -1]
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
      throw ProcessError(action: "Making a channel to a child process", code: errno)
    }
    return (ends[0], ends[1])
  }

  private static func spawn(
    _ executable: String, _ arguments: [String], _ environment: [String: String], input: Int32
  ) -> Result<Int32, any Error> {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, input, 0)
    posix_spawn_file_actions_adddup2(&actions, 2, 1)
    tessera_spawn_close_from(&actions, 3)

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // What this process blocks isn't blocked for the child.
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))

    var number: Int32 = 0
    let words = ([executable] + arguments).map { strdup($0) } + [nil]
    let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in words + variables { free(text) } }
    let code = posix_spawn(&number, executable, &actions, &attributes, words, variables)
    guard code == 0 else { return .failure(ProcessError(action: "Starting \(executable)", code: code)) }
    return .success(number)
  }

  /// Waits for the child's end and takes its place in the system's table away.
  private static func reap(_ number: Int32, _ state: SharedState, closing descriptor: Int32) {
    // Its channel has ended, so it has, or is about to; one that only closed its input has nothing to do any more.
    Glibc.kill(-number, SIGKILL)
    var information = siginfo_t()
    // First without reaping, so that nobody sends a signal to a number that is another process's already.
    while waitid(P_PID, id_t(number), &information, Int32(WEXITED | WNOWAIT)) < 0, errno == EINTR {}
    let (end, waiters) = state.value.withLock { state in
      var status: Int32 = 0
      while waitpid(number, &status, 0) < 0, errno == EINTR {}
      let end = ProcessEnd(status: status)
      state.end = end
      Glibc.close(descriptor)
      defer { state.waiters = [] }
      return (end, state.waiters)
    }
    for waiter in waiters { waiter.resume(returning: end) }
  }
}

import Foundation
import Synchronization
import Testing
import Threads

@Suite struct BlockingThreadTests {
  @Test func closuresRunInOrderOnOneThreadThatIsNotTheCallers() async throws {
    let thread = try BlockingThread(name: "ordered")
    let seen = Mutex<[Int]>([])
    let names = Mutex<Set<String>>([])
    for number in 0..<100 {
      try await thread.run {
        seen.withLock { $0.append(number) }
        names.withLock { _ = $0.insert(Self.nameOfThisThread()) }
      }
    }
    #expect(seen.withLock { $0 } == Array(0..<100))
    #expect(names.withLock { $0 } == ["ordered"])
  }

  @Test func valueAndErrorReachTheCaller() async throws {
    struct Failure: Error {}
    let thread = try BlockingThread(name: "answers")
    #expect(try await thread.run { 6 * 7 } == 42)
    await #expect(throws: Failure.self) { try await thread.run { throw Failure() } }
  }

  /// More blocked threads than the cooperative pool has: tasks go on all the same.
  @Test func blockedThreadsDoNotStopOtherTasks() async throws {
    let threads = try (0..<16).map { try BlockingThread(name: "blocked-\($0)") }
    let gate = DispatchSemaphore(value: 0)
    try await withThrowingTaskGroup { group in
      for thread in threads { group.addTask { try await thread.run { gate.wait() } } }
      group.addTask { for _ in threads { gate.signal() } }
      try await group.waitForAll()
    }
  }

  @Test func closingWaitsForWorkAndRefusesMore() async throws {
    let thread = try BlockingThread(name: "closing")
    let isDone = Mutex(false)
    let (started, begin) = AsyncStream<Void>.makeStream()
    async let work: Void = thread.run {
      begin.finish()
      usleep(20_000)
      isDone.withLock { $0 = true }
    }
    for await _ in started {}
    await thread.close()
    #expect(isDone.withLock { $0 })
    try await work
    await thread.close()
    await #expect(throws: ThreadError.closed("closing")) { try await thread.run {} }
  }

  @Test func droppedThreadEnds() async throws {
    final class Canary: Sendable {
      let ended: @Sendable () -> Void
      init(ended: @escaping @Sendable () -> Void) { self.ended = ended }
      deinit { ended() }
    }
    let (stream, continuation) = AsyncStream<Void>.makeStream()
    do {
      let thread = try BlockingThread(name: "dropped")
      let canary = Canary { continuation.finish() }
      try await thread.run { withExtendedLifetime(canary) {} }
    }
    for await _ in stream {}
  }

  @Test func stackIsAsLargeAsAskedFor() async throws {
    let thread = try BlockingThread(name: "deep", stack: 64 << 20)
    let bytes = 48 << 20
    let touched = try await thread.run {
      withUnsafeTemporaryAllocation(byteCount: bytes, alignment: 16) { memory in
        memory.initializeMemory(as: UInt8.self, repeating: 1)
        return Int(memory[bytes - 1])
      }
    }
    #expect(touched == 1)
  }

  @Test func impossibleStackIsRefused() {
    #expect(throws: ThreadError.self) { try BlockingThread(name: "tiny", stack: 1) }
  }

  private static func nameOfThisThread() -> String {
    let name = try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)
    return name?.trimmingCharacters(in: .newlines) ?? ""
  }
}

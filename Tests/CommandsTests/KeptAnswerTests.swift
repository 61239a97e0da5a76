import Synchronization
import Testing

@testable import Commands

@Suite struct KeptAnswerTests {
  private struct Away: Error {}

  private final class Source: Sendable {
    let asked = Mutex(0)
    let isAway = Mutex(false)

    func next() throws -> Int {
      if isAway.withLock({ $0 }) { throw Away() }
      return asked.withLock { count in
        count += 1
        return count
      }
    }
  }

  @Test func manyQuestionsAtOnceAreAskedOnce() async {
    let source = Source()
    let answer = KeptAnswer(for: .seconds(60)) {
      try await Task.sleep(for: .milliseconds(5))
      return try source.next()
    }
    await withTaskGroup(of: Int?.self) { group in
      for _ in 0..<20 { group.addTask { await answer.value() } }
      for await value in group { #expect(value == 1) }
    }
  }

  @Test func anOldAnswerIsAskedForAgainAndServesWhileNoneComes() async throws {
    let source = Source()
    let answer = KeptAnswer(for: .milliseconds(50)) { try source.next() }
    #expect(await answer.value() == 1)
    #expect(await answer.value() == 1)
    try await Task.sleep(for: .milliseconds(60))
    #expect(await answer.value() == 2)
    source.isAway.withLock { $0 = true }
    try await Task.sleep(for: .milliseconds(60))
    #expect(await answer.value() == 2)
    try await Task.sleep(for: .milliseconds(400))
    #expect(await answer.value() == nil, "too old to be true")
  }
}

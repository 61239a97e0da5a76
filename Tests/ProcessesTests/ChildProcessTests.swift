import Foundation
import Processes
import Testing

/// Children that a shell plays: standard input is the channel, in both directions.
@Suite(.serialized) struct ChildProcessTests {
  private func shell(_ script: String, environment: [String: String] = [:]) async throws -> ChildProcess {
    try await ChildProcess(executable: "/bin/sh", arguments: ["-c", script], environment: environment)
  }

  private func lines(of child: ChildProcess) async -> [String] {
    var lines: [String] = []
    for await line in child.lines { lines.append(String(decoding: line, as: UTF8.self)) }
    return lines
  }

  @Test(.timeLimit(.minutes(5)))
  func aChildHearsAndAnswers() async throws {
    let child = try await shell(
      "read a; read b; echo \"$b $a $WORD\" >&0; echo nobody hears this", environment: ["WORD": "here"])
    #expect(child.send(Array("one".utf8)) && child.send(Array("two".utf8)))
    #expect(await lines(of: child) == ["two one here"])
    #expect(await child.end() == .exited(code: 0))
    #expect(child.hasEnded && !child.send([]))
  }

  @Test(
    .timeLimit(.minutes(5)),
    arguments: [
      ("exit 3", ProcessEnd.exited(code: 3)), ("kill -SEGV $$", .killed(signal: SIGSEGV)),
      ("kill -ABRT $$", .killed(signal: SIGABRT)), ("kill -KILL $$", .killed(signal: SIGKILL)),
    ])
  func theEndOfAChildIsToldAsItWas(script: String, end: ProcessEnd) async throws {
    let child = try await shell(script)
    #expect(await child.end() == end)
    #expect(kill(child.number, 0) == -1 && errno == ESRCH, "no zombie is left")
  }

  @Test(.timeLimit(.minutes(5)))
  func aChildIsKilledWhateverItDoes() async throws {
    let child = try await shell("trap '' INT TERM HUP; while :; do :; done")
    child.kill()
    #expect(await child.end() == .killed(signal: SIGKILL))
    child.kill()
  }

  @Test(.timeLimit(.minutes(5)))
  func whoHoldsNoChildAnyMoreHasNone() async throws {
    let number = try await shell("sleep 60").number
    while kill(number, 0) == 0 { try await Task.sleep(for: .milliseconds(2)) }
  }

  @Test(.timeLimit(.minutes(5)))
  func whatAChildStartedEndsWithIt() async throws {
    let child = try await shell("sleep 60 & echo >&0; wait")
    for await _ in child.lines { break }
    child.kill()
    #expect(await child.end() == .killed(signal: SIGKILL))
  }

  /// A broker's socket in a child's hands would keep the connection of a dead worker alive.
  @Test(.timeLimit(.minutes(5)))
  func aChildInheritsNothingAndLeavesNothing() async throws {
    func open() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count }
    let inherited = Pipe()
    let before = try open()
    for _ in 0..<20 {
      let child = try await shell("exec >&0; for f in /proc/self/fd/*; do echo ${f##*/}; done")
      // The one more that there may be is the shell's own, for the list.
      #expect(Set(await lines(of: child)).subtracting(["3"]) == ["0", "1", "2"])
      _ = await child.end()
    }
    #expect(try open() == before)
    withExtendedLifetime(inherited) {}
  }

  @Test func aProgramThatIsNotThereIsAnError() async throws {
    await #expect(throws: ProcessError.self) {
      _ = try await ChildProcess(executable: "/nowhere/at/all", arguments: [], environment: [:])
    }
  }

  @Test func endsAreNamed() {
    #expect("\(ProcessEnd.killed(signal: 11))" == "was ended by signal 11 (segmentation fault)")
    #expect("\(ProcessEnd.exited(code: 70))" == "exited with code 70")
  }
}

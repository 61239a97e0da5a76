import Foundation
import Machine
import Testing
import Testkit

@Suite struct ProcessUsageTests {
  @Test func thisProcessHasUsedSomething() throws {
    let usage = try #require(ProcessUsage())
    #expect(usage.cpuSeconds > 0)
    #expect(usage.residentBytes > 1 << 20)
    #expect(usage.openDescriptors >= 3)
    #expect(
      usage.startSeconds > Date().timeIntervalSince1970 - 86_400 && usage.startSeconds < Date().timeIntervalSince1970)
  }

  @Test func aNameWithParenthesesAndSpacesConfusesNobody() throws {
    let folder = try TemporaryFolder()
    for path in ["proc/self/fd"] {
      try FileManager.default.createDirectory(at: folder.url.appending(path: path), withIntermediateDirectories: true)
    }
    let stat = "42 (a) b (c)) S 1 1 1 0 -1 4194560 1 0 0 0 200 100 0 0 20 0 1 0 5000 1000000 256 18446744073709551615"
    try stat.write(to: folder.url.appending(path: "proc/self/stat"), atomically: true, encoding: .utf8)
    try "cpu 1 2\nbtime 1700000000\n".write(
      to: folder.url.appending(path: "proc/stat"), atomically: true, encoding: .utf8)
    let usage = try #require(ProcessUsage(root: folder.url))
    #expect(usage.cpuSeconds == 3)
    #expect(usage.residentBytes == 256 * 4096)
    #expect(usage.startSeconds == 1_700_000_050)
    #expect(usage.openDescriptors == 0)
  }

  @Test func aSystemThatTellsNothingIsNoError() throws {
    #expect(ProcessUsage(root: try TemporaryFolder().url) == nil)
  }
}

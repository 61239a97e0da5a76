import Foundation
import Machine
import Testing
import Testkit

@Suite struct MemoryTests {
  @Test func theKernelsKillsAreCounted() throws {
    let root = try TemporaryFolder()
    #expect(MemoryKills(root: root.url).count == nil)
    try root.write("oom_kill 2\nnr_free_pages 7\n", to: "proc/vmstat")
    #expect(MemoryKills(root: root.url).count == 2)
    try root.write("0::/service\n", to: "proc/self/cgroup")
    try root.write("low 0\noom 9\noom_kill 3\noom_group_kill 0\n", to: "sys/fs/cgroup/service/memory.events")
    #expect(MemoryKills(root: root.url).count == 5)
  }

  @Test func theMemoryOfAProcessIsWhatTheSystemSays() throws {
    #expect((ResidentMemory().bytes ?? 0) > 1 << 20)
    let root = try TemporaryFolder()
    #expect(ResidentMemory(of: 7, root: root.url).bytes == nil)
    try root.write("Name:\tx\nVmRSS:\t   12 kB\n", to: "proc/7/status")
    #expect(ResidentMemory(of: 7, root: root.url).bytes == 12 << 10)
  }
}

extension TemporaryFolder {
  fileprivate func write(_ text: String, to path: String) throws {
    let file = url.appending(path: path)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }
}

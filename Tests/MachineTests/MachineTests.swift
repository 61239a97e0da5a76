import Foundation
import Testing
import Testkit

@testable import Machine

/// What Linux's files say, read from folders that stand for `/`.
@Suite struct MachineTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func machine(_ files: [String: String]) throws -> Machine {
    for (path, text) in files {
      let file = folder.url.appending(path: path)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data((text + "\n").utf8).write(to: file)
    }
    return Machine(root: folder.url)
  }

  @Test func processorAndCaches() throws {
    let cache = "sys/devices/system/cpu/cpu0/cache"
    let machine = try machine([
      "proc/cpuinfo":
        "processor\t: 0\nvendor_id\t: X\nmodel name\t: Made-up 3: fast\n\nprocessor\t: 1\nmodel name\t: Other",
      "proc/self/status": "Name:\ttessera\nCpus_allowed:\tff\nCpus_allowed_list:\t0-3,8",
      "sys/devices/system/cpu/online": "0-15",
      "\(cache)/index0/level": "1", "\(cache)/index0/type": "Data", "\(cache)/index0/size": "48K",
      "\(cache)/index0/shared_cpu_list": "0",
      "\(cache)/index1/level": "1", "\(cache)/index1/type": "Instruction", "\(cache)/index1/size": "32K",
      "\(cache)/index2/level": "3", "\(cache)/index2/type": "Unified", "\(cache)/index2/size": "32M",
      "\(cache)/index2/shared_cpu_list": "0-7",
      "\(cache)/index3/level": "2", "\(cache)/index3/type": "Unified", "\(cache)/index3/size": "much",
    ]).processor
    #expect(machine.name == "Made-up 3: fast")
    #expect(machine.online == 16 && machine.allowed == 5 && machine.allowedList == "0-3,8")
    #expect(
      machine.caches == [
        .init(level: 1, bytes: 48 << 10, sharedBy: 1), .init(level: 3, bytes: 32 << 20, sharedBy: 8),
      ])
  }

  @Test(arguments: [("always [madvise] never", "madvise"), ("[never]", "never"), ("nothing chosen", nil)])
  func hugePages(text: String, choice: String?) throws {
    let memory = try machine([
      "sys/kernel/mm/transparent_hugepage/enabled": text,
      "proc/meminfo": "MemTotal:       1000 kB\nMemFree:  1 kB\nMemAvailable:    600 kB",
    ]).memory
    #expect(memory.hugePages == choice)
    #expect(memory.total == 1_024_000 && memory.available == 614_400)
  }

  @Test func limitsOfControlGroupsOfVersion2AreThoseOfAllGroupsAbove() throws {
    let found = try machine([
      "proc/self/cgroup": "0::/a/b", "sys/fs/cgroup/memory.max": "max", "sys/fs/cgroup/a/memory.max": "1000",
      "sys/fs/cgroup/a/b/memory.max": "2000", "sys/fs/cgroup/a/b/cpu.max": "150000 100000",
      "sys/fs/cgroup/a/cpu.max": "max 100000", "proc/meminfo": "MemTotal: 4 kB",
      "proc/self/status": "Cpus_allowed_list: 0-3",
    ])
    #expect(found.controlGroup.memory == 1000 && found.controlGroup.processors == 1.5)
    #expect(found.usableMemory == 1000 && found.usableProcessors == 1.5)
  }

  @Test func limitsOfControlGroupsOfVersion1() throws {
    let found = try machine([
      "proc/self/cgroup": "4:memory:/docker/x\n1:cpu,cpuacct:/docker/x\n0::/",
      "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
      "sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes": "4096", "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1",
      "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000", "proc/meminfo": "MemTotal: 2 kB",
    ])
    #expect(found.controlGroup.memory == 4096 && found.controlGroup.processors == nil)
    #expect(found.usableMemory == 2048, "the machine has less than the group may take")
  }

  @Test func aSystemThatSaysNothingIsNoError() throws {
    let nothing = try machine([:])
    #expect(nothing.processor.name == nil && nothing.processor.caches == [] && nothing.memory.total == nil)
    #expect(nothing.usableMemory == nil && nothing.usableProcessors == nil)
    let odd = try machine([
      "proc/self/cgroup": "0::/../x\nnonsense", "sys/fs/cgroup/memory.max": "lots",
      "proc/meminfo": "MemTotal: 99999999999999999999 kB",
      "proc/self/status": "Cpus_allowed_list: 3-1",
    ])
    #expect(odd.usableMemory == nil && odd.usableProcessors == nil)
  }

  @Test func thisMachineAnswers() {
    let here = Machine()
    #expect((here.processor.allowed ?? 0) >= 1 && (here.memory.total ?? 0) > 1 << 20)
  }
}

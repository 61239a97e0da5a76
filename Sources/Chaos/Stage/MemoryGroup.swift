internal import Foundation
internal import Glibc

/// A group of processes that may together use only so much memory (Linux control groups, version 1 or 2).
struct MemoryGroup {
  private let folder: URL
  private let isVersion2: Bool

  /// - Throws: `ChaosSkip` where this process may not make one.
  init(mebibytes: Int) throws {
    let manager = FileManager.default
    let name = "tessera-chaos-\(UUID().uuidString.prefix(8))"
    let version1 = URL(filePath: "/sys/fs/cgroup/memory")
    isVersion2 = !manager.fileExists(atPath: version1.path)
    folder = (isVersion2 ? URL(filePath: "/sys/fs/cgroup") : version1).appending(path: name)
    do {
      try manager.createDirectory(at: folder, withIntermediateDirectories: false)
      let limit = folder.appending(path: isVersion2 ? "memory.max" : "memory.limit_in_bytes")
      try Data("\(mebibytes << 20)\n".utf8).write(to: limit)
    } catch {
      Glibc.rmdir(folder.path)
      throw ChaosSkip("making a control group with a limit of memory isn't permitted here")
    }
  }

  /// Starts a program in the group: to be put before it.
  var wrapper: [String] {
    ["/bin/sh", "-c", "echo $$ >'\(folder.path)/cgroup.procs' && exec \"$@\"", "sh"]
  }

  /// How many processes of the group the kernel has killed for want of memory.
  var kills: Int {
    let file = folder.appending(path: isVersion2 ? "memory.events" : "memory.oom_control")
    let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("oom_kill ") }
    return line.flatMap { Int($0.dropFirst("oom_kill ".count)) } ?? 0
  }

  /// To be called when its processes have ended.
  func remove() { Glibc.rmdir(folder.path) }
}

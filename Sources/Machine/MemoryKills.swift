public import Foundation

/// How often the kernel has killed a process for want of memory, in this process's control group or on the whole machine.
public struct MemoryKills: Hashable, Sendable {
  /// Grows with each kill; `nil` where the system doesn't tell.
  public var count: Int?

  /// - Parameter root: a folder that stands for `/`, in tests.
  public init(root: URL = URL(filePath: "/")) {
    let files = SystemFiles(root: root)
    let group =
      ControlGroup.texts("memory.events", controller: "", files)
      + ControlGroup.texts("memory.oom_control", controller: "memory", files)
    let counts = (group + [files.text("proc/vmstat")].compactMap { $0 }).compactMap(Self.kills)
    count = counts.isEmpty ? nil : counts.reduce(0, +)
  }

  /// The number after `oom_kill` in lines `name number`.
  private static func kills(_ text: String) -> Int? {
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.count == 2, words[0] == "oom_kill" { return Int(words[1]) }
    }
    return nil
  }
}

public import Foundation

/// What this process has used so far, from `/proc/self` (proc(5)).
public struct ProcessUsage: Hashable, Sendable {
  /// User and system time, in seconds.
  public var cpuSeconds: Double
  /// In bytes.
  public var residentBytes: Int
  public var openDescriptors: Int
  /// In seconds since 1970.
  public var startSeconds: Double

  /// `nil` where the system doesn't tell.
  /// - Parameter root: `/`, or a folder that stands for it.
  public init?(root: URL = URL(filePath: "/")) {
    let files = SystemFiles(root: root)
    // The name in parentheses may hold anything, also spaces and parentheses.
    guard let stat = files.text("proc/self/stat"), let end = stat.lastIndex(of: ")") else { return nil }
    // From field 3 on.
    let fields = stat[stat.index(after: end)...].split(separator: " ").map { Double($0) ?? 0 }
    let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
    guard fields.count > 21, ticks > 0 else { return nil }
    cpuSeconds = (fields[11] + fields[12]) / ticks
    residentBytes = Int(fields[21]) * sysconf(Int32(_SC_PAGESIZE))
    let boot = files.text("proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }
      .flatMap { Double($0.dropFirst(6)) }
    startSeconds = (boot ?? 0) + fields[19] / ticks
    let descriptors = try? FileManager.default.contentsOfDirectory(atPath: root.appending(path: "proc/self/fd").path)
    openDescriptors = descriptors?.count ?? 0
  }
}

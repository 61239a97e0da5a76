/// The processors of this machine, as far as the engine depends on them.
public struct Processor: Hashable, Sendable, Codable {
  /// Its maker's name for it, such as `AMD EPYC 9654 96-Core Processor`.
  public var name: String?
  /// Logical processors that are running.
  public var online: Int?
  /// Those of them that this process may use (its affinity mask: `taskset`, a container's cpuset).
  public var allowed: Int?
  /// The processors' numbers, such as `0-3,8`.
  public var allowedList: String?
  /// Data and unified caches that the first processor reaches, nearest first.
  public var caches: [Cache]

  /// One cache.
  public struct Cache: Hashable, Sendable, Codable {
    public var level: Int
    public var bytes: Int
    /// Logical processors that share it.
    public var sharedBy: Int?
  }

  init(_ files: SystemFiles) {
    name = files.value(of: "model name", in: "proc/cpuinfo")
    online = files.text("sys/devices/system/cpu/online").flatMap { Int(countOf: $0) }
    allowedList = files.value(of: "Cpus_allowed_list", in: "proc/self/status")
    allowed = allowedList.flatMap { Int(countOf: $0) }
    caches = (0..<8).compactMap { index in
      let cache = "sys/devices/system/cpu/cpu0/cache/index\(index)"
      guard let level = files.text("\(cache)/level").flatMap({ Int($0) }),
        let bytes = files.text("\(cache)/size").flatMap({ Int(sizeIn: $0) }),
        files.text("\(cache)/type") != "Instruction"
      else { return nil }
      return Cache(
        level: level, bytes: bytes, sharedBy: files.text("\(cache)/shared_cpu_list").flatMap { Int(countOf: $0) })
    }.sorted { $0.level < $1.level }
  }
}

/// The limits that a container or a service manager puts on this process by control groups, version 1 or 2.
public struct ControlGroup: Hashable, Sendable, Codable {
  /// Bytes of memory; `nil` for no limit.
  public var memory: Int?
  /// Processors' worth of time, such as 1.5; `nil` for no limit.
  public var processors: Double?

  /// The kernel's word for no limit in version 1 is a number near the largest.
  private static let unlimited = 1 << 60

  init(_ files: SystemFiles) {
    let places = Places(files)
    memory =
      (places.texts("memory.max", controller: "") + places.texts("memory.limit_in_bytes", controller: "memory"))
      .compactMap { Int($0) }.filter { $0 < Self.unlimited }.min()
    let shares =
      places.texts("cpu.max", controller: "").compactMap(Self.share)
      + zip(
        places.texts("cpu.cfs_quota_us", controller: "cpu"), places.texts("cpu.cfs_period_us", controller: "cpu")
      ).compactMap { Self.share("\($0) \($1)") }
    processors = shares.min()
  }

  /// The texts of a file in this process's groups, the innermost last.
  /// - Parameter controller: of version 1; empty for version 2.
  static func texts(_ file: String, controller: String, _ files: SystemFiles) -> [String] {
    Places(files).texts(file, controller: controller)
  }

  /// `quota period`, both in microseconds; `max` or a negative quota for no limit.
  private static func share(_ text: String) -> Double? {
    let words = text.split(separator: " ")
    guard words.count == 2, let quota = Double(words[0]), let period = Double(words[1]), quota > 0, period > 0 else {
      return nil
    }
    return quota / period
  }

  /// Where the files of this process's groups lie: a group's limits hold for all below it, so each folder up to the top counts.
  private struct Places {
    let files: SystemFiles
    /// Paths of groups by controller; the one of version 2 has no name.
    private var groups: [String: String] = [:]

    init(_ files: SystemFiles) {
      self.files = files
      for line in files.text("proc/self/cgroup")?.split(separator: "\n") ?? [] {
        // number:controllers:path
        let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { continue }
        for controller in parts[1].split(separator: ",", omittingEmptySubsequences: false) {
          groups[String(controller)] = String(parts[2])
        }
      }
    }

    /// The texts of a file in the group and all above it.
    func texts(_ file: String, controller: String) -> [String] {
      guard let group = groups[controller] else { return [] }
      let top = controller.isEmpty ? "sys/fs/cgroup" : "sys/fs/cgroup/\(controller)"
      var parts = group.split(separator: "/").filter { $0 != ".." }
      var found = files.text("\(top)/\(file)").map { [$0] } ?? []
      while !parts.isEmpty {
        if let text = files.text("\(top)/\(parts.joined(separator: "/"))/\(file)") { found.append(text) }
        parts.removeLast()
      }
      return found
    }
  }
}

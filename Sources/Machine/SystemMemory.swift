/// The memory of this machine, in bytes.
public struct SystemMemory: Hashable, Sendable, Codable {
  public var total: Int?
  /// What can be had without swapping.
  public var available: Int?
  /// Whether large pieces of memory come in huge pages: `always`, `madvise` (where a program asks for them, as Tessera does) or `never`.
  public var hugePages: String?

  init(_ files: SystemFiles) {
    total = files.value(of: "MemTotal", in: "proc/meminfo").flatMap { Int(sizeIn: $0) }
    available = files.value(of: "MemAvailable", in: "proc/meminfo").flatMap { Int(sizeIn: $0) }
    // The choice in force is the word in brackets: always [madvise] never.
    hugePages = files.text("sys/kernel/mm/transparent_hugepage/enabled").flatMap { text in
      text.split(separator: " ").first { $0.hasPrefix("[") && $0.hasSuffix("]") }.map {
        String($0.dropFirst().dropLast())
      }
    }
  }
}

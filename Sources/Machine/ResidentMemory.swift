public import Foundation

/// The memory of a process that lies in the machine's, mapped files included.
public struct ResidentMemory: Hashable, Sendable {
  /// `nil` where the process is gone, or the system doesn't tell.
  public var bytes: Int?

  /// - Parameters:
  ///   - process: its number; this process when `nil`.
  ///   - root: a folder that stands for `/`, in tests.
  public init(of process: Int32? = nil, root: URL = URL(filePath: "/")) {
    let name = process.map(String.init) ?? "self"
    bytes = SystemFiles(root: root).value(of: "VmRSS", in: "proc/\(name)/status").flatMap { Int(sizeIn: $0) }
  }
}

internal import Foundation

/// The most memory that this process ever had in use.
public enum PeakMemory {
  /// Bytes in RAM at the highest (`VmHWM`), mapped files included; 0 where the system doesn't tell.
  public static var bytes: Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }) else { return 0 }
    return (line.split(separator: " ").dropFirst().first.flatMap { Int($0.trimmingCharacters(in: .whitespaces)) } ?? 0)
      * 1024
  }
}

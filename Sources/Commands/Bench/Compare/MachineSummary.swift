internal import Foundation
internal import Kernels

/// The machine that a measurement is about.
struct MachineSummary: Encodable {
  /// As the processor names itself.
  var processor: String
  /// Those that this process may use.
  var processors: Int
  /// The strongest that Tessera's kernels can use.
  var instructionSet: String
  /// The processor that OpenBLAS's kernels were chosen for.
  var openBLASCore: String
  var lastLevelCacheBytes: Int

  static var current: MachineSummary {
    let lines = ((try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? "").split(separator: "\n")
    let name = lines.first { $0.hasPrefix("model name") }?.split(separator: ":", maxSplits: 1).last
    return MachineSummary(
      processor: name.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown",
      processors: ProcessInfo.processInfo.activeProcessorCount, instructionSet: InstructionSet.best.description,
      openBLASCore: OpenBLAS.coreName, lastLevelCacheBytes: LastLevelCache.bytes)
  }
}

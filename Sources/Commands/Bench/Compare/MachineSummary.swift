internal import Foundation
internal import Kernels
internal import Machine

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
    let processor = Machine().processor
    return MachineSummary(
      processor: processor.name ?? "unknown",
      processors: processor.allowed ?? ProcessInfo.processInfo.activeProcessorCount,
      instructionSet: InstructionSet.best.description, openBLASCore: OpenBLAS.coreName,
      lastLevelCacheBytes: LastLevelCache.bytes)
  }
}

internal import Fleet
internal import Foundation
internal import Logging

/// `TESSERA_FAULT`: makes a process fail at a certain point (`FaultPlan`). For `tessera chaos` only, never for a fleet that works.
enum FaultSettings {
  /// - Throws: `FaultPlanError`.
  static func arm(logger: Logger) throws {
    guard let text = ProcessInfo.processInfo.environment["TESSERA_FAULT"], !text.isEmpty else { return }
    FaultPoint.arm(try FaultPlan(text))
    logger.critical("this process will fail on purpose, as TESSERA_FAULT says", metadata: ["fault": "\(text)"])
  }
}

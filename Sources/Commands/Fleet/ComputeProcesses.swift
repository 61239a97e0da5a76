internal import Fleet
internal import Foundation
internal import Logging
internal import Machine
internal import Processes

/// The processes that compute for a worker, one for each slot.
struct ComputeProcesses {
  let predictors: [ChildPredictor]

  /// - Parameter memoryLimit: bytes that each process may use.
  /// - Throws: `SettingsError`.
  init(_ settings: FleetSettings, memoryLimit: Int?, logger: Logger) throws {
    let greeting = try ComputeSettings(settings, memoryLimit: memoryLimit).line()
    let launcher = ComputeLauncher {
      // The program that runs, also after an update has replaced its file.
      let process = try await ChildProcess(
        executable: "/proc/self/exe", arguments: [ComputeCommand.name], environment: Self.environment)
      _ = process.send(greeting)
      return process
    } memoryKills: {
      MemoryKills().count
    }
    predictors = (0..<settings.slots).map { _ in ChildPredictor(launcher: launcher, logger: logger) }
  }

  /// Bytes of memory that the worker and its processes use; what they share is counted for each.
  var memory: Int? {
    let children = predictors.compactMap(\.processNumber).compactMap { ResidentMemory(of: $0).bytes }
    return ResidentMemory().bytes.map { $0 + children.reduce(0, +) }
  }

  func warmUp() async {
    for predictor in predictors { await predictor.warmUp() }
  }

  func finish() async {
    await withTaskGroup(of: Void.self) { group in
      for predictor in predictors { group.addTask { await predictor.finish() } }
    }
  }

  /// Without the servers' passwords: who computes needs neither broker nor database. What Swift's runtime prints of a crash is where it was, not
  /// what lay in memory there.
  private static var environment: [String: String] {
    var environment = ProcessInfo.processInfo.environment.filter { variable in
      !["TESSERA_AMQP_", "TESSERA_DATABASE_"].contains { variable.key.hasPrefix($0) }
    }
    environment["SWIFT_BACKTRACE"] = [environment["SWIFT_BACKTRACE"], "registers=none"].compactMap(\.self)
      .joined(separator: ",")
    return environment
  }
}

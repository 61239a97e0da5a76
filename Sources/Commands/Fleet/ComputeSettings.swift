internal import FleetContracts
internal import Foundation
internal import Kernels
internal import Logging
internal import UNet

/// What a worker tells the process that computes for a slot: over the channel between them, so that neither `ps` nor the environment
/// shows it. Broker and database aren't among it.
struct ComputeSettings: Codable {
  var storeURL: String
  var cacheFolder: String
  var threads: Int
  /// Bytes that the process may use.
  var memoryLimit: Int?
  var engine: String
  var instructionSet: String?
  var weightsFolder: String?
  var weightsLimit: Int
  var logFormat: String

  /// - Throws: `SettingsError`.
  init(_ settings: FleetSettings, memoryLimit: Int?) throws {
    storeURL = try settings.storeURL()
    cacheFolder = settings.cacheFolder
    threads = settings.threads
    self.memoryLimit = memoryLimit
    engine = settings.engine.choice.rawValue
    instructionSet = settings.engine.instructionSet.map { "\($0)" }
    weightsFolder = settings.weights.folder
    weightsLimit = settings.weights.limit
    logFormat = settings.logFormat.rawValue
  }

  func line() throws -> [UInt8] { Array(try JSONEncoder().encode(self)) }

  /// - Throws: `SettingsError` for a line that no worker of this version wrote.
  init(line: [UInt8]) throws {
    do {
      self = try JSONDecoder().decode(Self.self, from: Data(line))
    } catch {
      throw SettingsError(
        "The worker's settings for this process can't be read (\(error)); this command is for `tessera worker` alone.")
    }
  }

  /// - Throws: errors of `EngineWord`.
  func request() throws -> EngineRequest {
    EngineRequest(
      try EngineWord.choice(engine), instructionSet: try instructionSet.map(EngineWord.instructionSet))
  }

  var logger: Logger { FleetLogging.role("worker", format: FleetLogging.Format(rawValue: logFormat) ?? .text) }

  var weights: WeightsCacheSettings {
    WeightsCacheSettings(folder: weightsFolder ?? "none", limit: weightsLimit, userCache: "")
  }
}

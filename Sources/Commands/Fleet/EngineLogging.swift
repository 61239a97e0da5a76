internal import Fleet
internal import Logging

/// How a chosen engine is logged.
enum EngineLogging {
  static func facts(_ chosen: ChosenEngine) -> Logger.Metadata {
    ["engine": "\(chosen.engine)", "reason": "\(chosen.reason)", "model": "\(chosen.model)"]
  }
}

internal import Foundation
internal import ModelStore

/// nnU-Net's folders that training needs, by its own environment variables.
struct TrainingFolders {
  /// `nnUNet_preprocessed`.
  var preprocessed: URL
  /// `RESULTS_FOLDER`.
  var results: URL

  /// - Throws: `SettingsError` that names the variable which isn't set.
  init(_ environment: [String: String] = ProcessInfo.processInfo.environment) throws {
    preprocessed = try Self.preprocessed(environment)
    results = try Self.folder("RESULTS_FOLDER", "the folder for trained models", environment)
  }

  /// `nnUNet_preprocessed`.
  /// - Throws: `SettingsError` where it isn't set.
  static func preprocessed(_ environment: [String: String] = ProcessInfo.processInfo.environment) throws -> URL {
    try folder("nnUNet_preprocessed", "the folder of plans and preprocessed cases", environment)
  }

  private static func folder(_ name: String, _ what: String, _ environment: [String: String]) throws -> URL {
    guard let path = environment[name], !path.isEmpty else {
      throw SettingsError("The environment variable \(name) must name \(what), as for nnU-Net itself.")
    }
    return URL(filePath: path)
  }

  /// The whole name of a task that is planned.
  /// - Parameter task: `Task501_Brain`, or its number.
  /// - Throws: `SettingsError` where there is none, or more than one.
  func task(_ task: String) throws -> String { try Self.task(task, in: preprocessed) }

  /// The same, for a command that needs no other folder.
  static func task(_ task: String, in preprocessed: URL) throws -> String {
    let there = ((try? FileManager.default.contentsOfDirectory(atPath: preprocessed.path)) ?? []).sorted()
    let found = TaskName.matches(task, among: there)
    guard let name = found.first, found.count == 1 else {
      throw SettingsError(
        found.isEmpty
          ? "There is no task \(task) in \(preprocessed.path); plan and preprocess it with tessera plan -t \(task)."
          : "The task \(task) may be \(found.joined(separator: " or ")) in \(preprocessed.path); give the name."
      )
    }
    return name
  }
}

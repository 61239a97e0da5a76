internal import Foundation
internal import ModelStore

/// nnU-Net's folders, by its own environment variables.
struct NnunetFolders {
  private let environment: [String: String]

  init(_ environment: [String: String] = ProcessInfo.processInfo.environment) { self.environment = environment }

  /// `nnUNet_raw_data_base/nnUNet_raw_data`.
  /// - Throws: `SettingsError` where the variable isn't set, as the others throw too.
  var raw: URL { get throws { try base.appending(path: "nnUNet_raw_data") } }
  /// `nnUNet_raw_data_base/nnUNet_cropped_data`.
  var cropped: URL { get throws { try base.appending(path: "nnUNet_cropped_data") } }
  /// `nnUNet_preprocessed`.
  var preprocessed: URL {
    get throws { try folder("nnUNet_preprocessed", "the folder of plans and preprocessed cases") }
  }
  /// `RESULTS_FOLDER`.
  var results: URL { get throws { try folder("RESULTS_FOLDER", "the folder of trained models") } }

  private var base: URL { get throws { try folder("nnUNet_raw_data_base", "the folder that holds nnUNet_raw_data") } }

  private func folder(_ name: String, _ what: String) throws -> URL {
    guard let path = environment[name], !path.isEmpty else {
      throw SettingsError("The environment variable \(name) must name \(what), as for nnU-Net itself.")
    }
    return URL(filePath: path)
  }

  /// The whole name of a task with raw images.
  /// - Parameter task: `Task501_Brain`, or its number.
  /// - Throws: `SettingsError` where there is none, or more than one.
  func rawTask(_ task: String) throws -> String {
    try Self.find(
      task, in: raw,
      otherwise: "put its images there as TaskNNN_Name, or convert a Decathlon task with tessera convert-decathlon")
  }

  /// The whole name of a task that is planned.
  /// - Parameter task: `Task501_Brain`, or its number.
  /// - Throws: `SettingsError` where there is none, or more than one.
  func plannedTask(_ task: String) throws -> String {
    try Self.find(task, in: preprocessed, otherwise: "plan and preprocess it with tessera plan -t \(task)")
  }

  private static func find(_ task: String, in folder: URL, otherwise remedy: String) throws -> String {
    let there = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
    let found = TaskName.matches(task, among: there)
    guard let name = found.first, found.count == 1 else {
      throw SettingsError(
        found.isEmpty
          ? "There is no task \(task) in \(folder.path); \(remedy)."
          : "The task \(task) may be \(found.joined(separator: " or ")) in \(folder.path); give the name, or rename one of them."
      )
    }
    return name
  }
}

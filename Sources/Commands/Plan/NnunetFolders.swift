internal import Foundation
internal import ModelStore

/// nnU-Net's folders, by its own environment variables.
struct NnunetFolders {
  /// `nnUNet_raw_data_base/nnUNet_raw_data`.
  var raw: URL
  /// `nnUNet_raw_data_base/nnUNet_cropped_data`.
  var cropped: URL
  /// `nnUNet_preprocessed`.
  var preprocessed: URL

  /// - Throws: `SettingsError` that names the variable which isn't set.
  init(_ environment: [String: String] = ProcessInfo.processInfo.environment) throws {
    func folder(_ name: String, _ what: String) throws -> URL {
      guard let path = environment[name], !path.isEmpty else {
        throw SettingsError("The environment variable \(name) must name \(what), as for nnU-Net itself.")
      }
      return URL(filePath: path)
    }
    let base = try folder("nnUNet_raw_data_base", "the folder that holds nnUNet_raw_data")
    raw = base.appending(path: "nnUNet_raw_data")
    cropped = base.appending(path: "nnUNet_cropped_data")
    preprocessed = try folder("nnUNet_preprocessed", "the folder for plans and preprocessed cases")
  }

  /// The task's folder of raw images.
  /// - Parameter task: `Task501_Brain`, or its number.
  /// - Throws: `SettingsError` where there is none, or more than one.
  func raw(task: String) throws -> URL {
    let there = ((try? FileManager.default.contentsOfDirectory(atPath: raw.path)) ?? []).sorted()
    let found = TaskName.matches(task, among: there)
    guard let name = found.first, found.count == 1 else {
      throw SettingsError(
        found.isEmpty
          ? "There is no task \(task) in \(raw.path); put its images there as TaskNNN_Name, or convert a Decathlon task with tessera convert-decathlon."
          : "The task \(task) may be \(found.joined(separator: " or ")) in \(raw.path); give the name, or rename one of them."
      )
    }
    return raw.appending(path: name)
  }
}

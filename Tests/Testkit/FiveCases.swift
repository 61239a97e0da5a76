public import Foundation

extension Fixtures {
  /// Copies the small task's images and labels, and its fourth case as a fifth one, so that each of five folds has a case to validate.
  /// - Parameter folder: of raw tasks; made where it is missing.
  /// - Returns: the task's folder, `Task777_Small`.
  @discardableResult
  public static func copyTaskOfFiveCases(into folder: URL) throws -> URL {
    let files = FileManager.default
    let task = folder.appending(path: "Task777_Small")
    try files.createDirectory(at: folder, withIntermediateDirectories: true)
    try files.copyItem(at: directory.appending(path: "planning/raw/Task777_Small"), to: task)
    for name in ["imagesTr/small_#_0000", "imagesTr/small_#_0001", "labelsTr/small_#"] {
      try files.copyItem(
        at: task.appending(path: name.replacing("#", with: "03") + ".nii.gz"),
        to: task.appending(path: name.replacing("#", with: "04") + ".nii.gz"))
    }
    let file = task.appending(path: "dataset.json")
    guard var dataset = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any] else {
      throw CocoaError(.coderReadCorrupt)
    }
    dataset["training"] = (0..<5).map {
      ["image": "./imagesTr/small_0\($0).nii.gz", "label": "./labelsTr/small_0\($0).nii.gz"]
    }
    dataset["numTraining"] = 5
    try JSONSerialization.data(withJSONObject: dataset).write(to: file)
    return task
  }
}

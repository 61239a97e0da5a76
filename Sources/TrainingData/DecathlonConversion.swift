public import Foundation
public import Kernels
internal import NiftiIO

/// Turns a task of the Medical Segmentation Decathlon into nnU-Net's layout: images with all channels in one file become one file for each
/// (nnunet/experiment_planning/nnUNet_convert_decathlon_task.py).
///
/// Other than nnU-Net it only reads the given folder, where that deletes files whose names begin with a dot; it leaves a task alone that is
/// there already, where that removes it; it keeps type and header of the voxels, where that writes them anew; and a folder without
/// `imagesTs` is fine. The new task appears when all of it is written.
public struct DecathlonConversion: Sendable {
  public let source: URL
  /// `TaskNNN_Name`.
  public let task: String
  private let files: [(folder: String, name: String)]

  private static let suffix = ".nii.gz"
  private static let imageFolders = ["imagesTr", "imagesTs"]

  /// - Parameters:
  ///   - source: a folder `TaskNN_Name`.
  ///   - number: of the new task; `nil` for the folder's own.
  /// - Throws: `TrainingDataError` for a folder that isn't such a task.
  public init(of source: URL, number: Int? = nil) throws {
    let name = source.standardizedFileURL.lastPathComponent
    guard let match = name.wholeMatch(of: /Task(\d\d)_(.+)/), let own = Int(match.output.1) else {
      throw TrainingDataError(
        "\(source.path) isn't named like a task of the Decathlon, TaskNN_Name with two digits, such as Task04_Hippocampus."
      )
    }
    let missing = ["imagesTr", "labelsTr", "dataset.json"].filter {
      !FileManager.default.fileExists(atPath: source.appending(path: $0).path)
    }
    guard missing.isEmpty else {
      throw TrainingDataError(
        "\(source.path) lacks \(missing.joined(separator: ", ")), which a task of the Decathlon has; unpack it again.")
    }
    self.source = source
    task =
      "Task" + String(repeating: "0", count: max(0, 3 - "\(number ?? own)".count))
      + "\(number ?? own)_\(match.output.2)"
    files = Self.imageFolders.flatMap { folder in Self.images(in: source.appending(path: folder)).map { (folder, $0) } }
    guard !files.isEmpty else {
      throw TrainingDataError(
        "\(source.appending(path: "imagesTr").path) holds no image; expected files named CASE.nii.gz.")
    }
  }

  /// Names in a folder, without hidden ones, as the Decathlon's archives have them from macOS.
  private static func images(in folder: URL) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasSuffix(suffix) && !$0.hasPrefix(".") }.sorted()
  }

  /// - Parameters:
  ///   - folder: `nnUNet_raw_data`.
  ///   - overwrites: replaces a task of that name.
  ///   - progress: hears a sentence for each image.
  /// - Returns: the new task's folder.
  /// - Throws: `TrainingDataError` where the task is there already, `NiftiError` for an image that can't be taken apart.
  public func run(to folder: URL, overwrites: Bool, pool: ComputePool, progress: (String) -> Void) throws -> URL {
    let target = folder.appending(path: task)
    let manager = FileManager.default
    guard overwrites || !manager.fileExists(atPath: target.path) else {
      throw TrainingDataError(
        "\(target.path) is there already; give another number by --output_task_id, or replace it by --overwrite.")
    }
    let work = folder.appending(path: ".\(task)-\(UUID().uuidString)")
    defer { try? manager.removeItem(at: work) }
    for name in Self.imageFolders + ["labelsTr"] {
      try manager.createDirectory(at: work.appending(path: name), withIntermediateDirectories: true)
    }
    for (index, file) in files.enumerated() {
      progress("\(file.folder)/\(file.name) (\(index + 1) of \(files.count))")
      try split(file.name, of: file.folder, into: work.appending(path: file.folder), pool: pool)
    }
    for name in Self.images(in: source.appending(path: "labelsTr")) {
      try manager.copyItem(
        at: source.appending(path: "labelsTr/\(name)"), to: work.appending(path: "labelsTr/\(name)"))
    }
    // Its paths name images without a channel, as nnU-Net's do.
    try manager.copyItem(at: source.appending(path: "dataset.json"), to: work.appending(path: "dataset.json"))
    if manager.fileExists(atPath: target.path) { try manager.removeItem(at: target) }
    try manager.moveItem(at: work, to: target)
    return target
  }

  private func split(_ name: String, of folder: String, into target: URL, pool: ComputePool) throws {
    let file = source.appending(path: "\(folder)/\(name)")
    let base = String(name.dropLast(Self.suffix.count))
    func channel(_ index: Int) -> URL { target.appending(path: "\(base)_\(RawDataset.channel(index))\(Self.suffix)") }
    let series = try VolumeSeries(file: file)
    guard series.count > 1 else { return try FileManager.default.copyItem(at: file, to: channel(0)) }
    try series.write(
      inParallel: { count, body in
        // The loop returns when all are done.
        withoutActuallyEscaping(body) { body in
          nonisolated(unsafe) let body = body
          pool.forEach(count) { item, _ in body(item) }
        }
      }, to: channel)
  }
}

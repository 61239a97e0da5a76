public import Foundation

/// Finds a model by nnU-Net's names: `$RESULTS_FOLDER/nnUNet/<configuration>/<task>/<trainer>__<plans>`.
public enum ModelLocation {
  /// nnU-Net's defaults (nnunet/paths.py).
  public static let defaultTrainer = "nnUNetTrainerV2"
  public static let defaultCascadeTrainer = "nnUNetTrainerV2CascadeFullRes"
  public static let defaultPlans = "nnUNetPlansv2.1"

  /// The folder of a model, to be given to `TrainedModel.open`.
  /// - Parameters:
  ///   - results: what nnU-Net calls RESULTS_FOLDER, or its subfolder `nnUNet`.
  ///   - task: `Task501_Name`, or its number (`501`, `7`, `007`).
  ///   - configuration: `2d`, `3d_lowres`, `3d_fullres` (or `3d`) or `3d_cascade_fullres`.
  ///   - trainer: for every configuration but the cascade; `nil` for nnU-Net's default.
  ///   - cascadeTrainer: for `3d_cascade_fullres`; `nil` for nnU-Net's default.
  ///   - plans: the plans' identifier; `nil` for nnU-Net's default.
  /// - Throws: `ModelStoreError` that lists what there is instead.
  public static func find(
    results: URL, task: String, configuration: String, trainer: String? = nil, cascadeTrainer: String? = nil,
    plans: String? = nil
  ) throws(ModelStoreError) -> URL {
    guard let wanted = ModelConfiguration(named: configuration) else {
      let names = ModelConfiguration.allCases.map(\.rawValue).joined(separator: ", ")
      throw ModelStoreError(.notFound, "There is no configuration '\(configuration)'; nnU-Net has \(names).")
    }
    let root = try root(of: results)
    let name = try self.task(task, in: root)
    let folder = root.appending(path: wanted.rawValue).appending(path: name)
    let found = (try? Subfolders.names(of: folder)) ?? []
    guard !found.isEmpty else {
      let others = ModelConfiguration.allCases.map(\.rawValue).filter {
        FileManager.default.fileExists(atPath: root.appending(path: $0).appending(path: name).path)
      }
      throw ModelStoreError(
        .notFound,
        "\(name) has no model of the configuration '\(configuration)' in '\(root.path)'. It has: \(others.joined(separator: ", "))."
      )
    }
    let trainerName =
      wanted == .cascade ? cascadeTrainer ?? defaultCascadeTrainer : trainer ?? defaultTrainer
    let model = "\(trainerName)__\(plans ?? defaultPlans)"
    guard found.contains(model) else {
      throw ModelStoreError(
        .notFound,
        "\(name) has no '\(model)' for '\(configuration)'. There is: \(found.joined(separator: ", ")); "
          + "choose by trainer and plans.")
    }
    return folder.appending(path: model)
  }

  /// The first stage of a cascade in nnU-Net's layout: the same task, plans and, unless another is named, nnU-Net's default trainer.
  /// - Parameter cascade: `…/3d_cascade_fullres/<task>/<trainer>__<plans>`.
  /// - Throws: `ModelStoreError` when the cascade doesn't lie in such a layout, or the first stage isn't there.
  public static func firstStage(of cascade: URL, trainer: String? = nil) throws(ModelStoreError) -> URL {
    let task = cascade.deletingLastPathComponent()
    let plans = cascade.lastPathComponent.components(separatedBy: "__").dropFirst().joined(separator: "__")
    let folder = task.deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: ModelConfiguration.lowResolution.rawValue).appending(path: task.lastPathComponent)
      .appending(path: "\(trainer ?? defaultTrainer)__\(plans.isEmpty ? defaultPlans : plans)")
    guard (try? Subfolders.names(of: folder)) != nil else {
      throw ModelStoreError(
        .notFound,
        "The model in '\(cascade.path)' is a cascade's second stage, and its first stage isn't in '\(folder.path)'; name its folder, or "
          + "give the label maps that it made.")
    }
    return folder
  }

  /// The folder that holds the configurations.
  static func root(of results: URL) throws(ModelStoreError) -> URL {
    let inner = results.appending(path: "nnUNet")
    if (try? Subfolders.names(of: inner)) != nil { return inner }
    let names = try Subfolders.names(of: results)
    guard names.contains(where: { ModelConfiguration(rawValue: $0) != nil }) else {
      throw ModelStoreError(
        .notFound,
        "'\(results.path)' has no folder 'nnUNet' as nnU-Net's RESULTS_FOLDER has. It has: \(names.joined(separator: ", "))."
      )
    }
    return results
  }

  /// The task's whole name.
  static func task(_ task: String, in root: URL) throws(ModelStoreError) -> String {
    var tasks: Set<String> = []
    for configuration in ModelConfiguration.allCases {
      tasks.formUnion((try? Subfolders.names(of: root.appending(path: configuration.rawValue))) ?? [])
    }
    let known = tasks.sorted()
    let matches = TaskName.matches(task, among: known)
    guard let match = matches.first, matches.count == 1 else {
      let found = matches.isEmpty ? known : matches
      throw ModelStoreError(
        matches.isEmpty ? .notFound : .ambiguous,
        "\(matches.isEmpty ? "No task" : "More than one task") in '\(root.path)' is called '\(task)'. "
          + "There is: \(found.isEmpty ? "nothing" : found.joined(separator: ", ")).")
    }
    return match
  }
}

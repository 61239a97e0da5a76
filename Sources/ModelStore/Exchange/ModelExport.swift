public import Foundation
internal import ZipFiles

/// Collects a task's models into one zip file, which `nnUNet_install_pretrained_model_from_zip` and `tessera model import` take
/// (nnunet/inference/pretrained_models/collect_pretrained_models.py, `export_pretrained_model`).
///
///     let export = try ModelExport(results: results, task: "501", configurations: [.fullResolution], folds: [FoldName(0)])
///     try export.write(to: file)
public struct ModelExport: Sendable {
  /// A file of the archive.
  public struct Member: Hashable, Sendable {
    /// Path below `$RESULTS_FOLDER/nnUNet`.
    public var path: String
    /// Bytes.
    public var size: Int
  }

  /// `TaskXXX_Name`.
  public let task: String
  /// In the order in which they are written.
  public let members: [Member]
  /// What was left out, where that is allowed: whole sentences.
  public let omissions: [String]
  private let root: URL

  /// Finds the files.
  /// - Parameters:
  ///   - results: what nnU-Net calls RESULTS_FOLDER.
  ///   - task: `TaskXXX_Name` or its number.
  ///   - trainer: of all configurations but the cascade.
  ///   - isStrict: refuses when a configuration or its `postprocessing.json` is missing.
  /// - Throws: `ModelStoreError` that says what is missing.
  public init(
    results: URL, task: String, configurations: [ModelConfiguration] = ModelConfiguration.allCases,
    trainer: String = ModelLocation.defaultTrainer, cascadeTrainer: String = ModelLocation.defaultCascadeTrainer,
    plans: String = ModelLocation.defaultPlans, folds: [FoldName] = (0..<5).map { FoldName($0) }, isStrict: Bool = true
  ) throws(ModelStoreError) {
    root = try ModelLocation.root(of: results)
    self.task = try ModelLocation.task(task, in: root)
    var found = Files(root: root)
    var omissions: [String] = []
    var models = 0
    for configuration in configurations {
      let name = "\(configuration == .cascade ? cascadeTrainer : trainer)__\(plans)"
      let path = "\(configuration.rawValue)/\(self.task)/\(name)"
      guard found.hasFolder(path) else {
        let complaint = "\(self.task) has no model '\(path)' in '\(root.path)'."
        guard !isStrict else {
          throw ModelStoreError(
            .notFound, complaint + " Name the configurations that it has by -m, or pass --disable_strict.")
        }
        omissions.append(complaint)
        continue
      }
      models += 1
      for fold in folds { try found.add(fold: fold, of: path) }
      try found.add(required: "\(path)/\(ModelFiles.plans)")
      if !found.add("\(path)/\(ModelFiles.postprocessing)") {
        let complaint = "'\(path)' has no \(ModelFiles.postprocessing)."
        guard !isStrict else {
          throw ModelStoreError(
            .notFound, complaint + " Make it by determining the postprocessing, or pass --disable_strict.")
        }
        omissions.append(complaint)
      }
      found.add("\(path)/\(ModelFiles.dataset)")
    }
    guard models > 0 else {
      throw ModelStoreError(.notFound, "There is nothing to export. " + omissions.joined(separator: " "))
    }
    let ensembles = "\(ExchangePath.ensembles)/\(self.task)"
    let names = (try? Subfolders.names(of: root.appending(path: ensembles))) ?? []
    for name in names
    where EnsembleName(name)?.isMade(of: configurations, trainers: [trainer, cascadeTrainer], plans: plans) == true {
      if !found.add("\(ensembles)/\(name)/\(ModelFiles.postprocessing)") {
        omissions.append("The ensemble '\(name)' has no \(ModelFiles.postprocessing).")
      }
    }
    members = found.members
    self.omissions = omissions
  }

  /// Writes the archive, deflated, and puts it into place whole.
  /// - Throws: `ModelStoreError.Code.unwritable`.
  public func write(to file: URL) throws(ModelStoreError) {
    do throws(ZipError) {
      let writer = try ZipWriter(path: file.path) { count, body in
        DispatchQueue.concurrentPerform(iterations: count, execute: body)
      }
      for member in members { try writer.add(member.path, fromFile: root.appending(path: member.path).path) }
      try writer.finish()
    } catch {
      throw ModelStoreError(.unwritable, error.description)
    }
  }
}

/// Files below a folder that are to be exported.
private struct Files {
  let root: URL
  private(set) var members: [ModelExport.Member] = []

  init(root: URL) { self.root = root }

  func hasFolder(_ path: String) -> Bool { (try? Subfolders.names(of: root.appending(path: path))) != nil }

  /// Adds a file where it exists, and says whether it does.
  @discardableResult
  mutating func add(_ path: String) -> Bool {
    guard let file = try? InputFile(root.appending(path: path)) else { return false }
    members.append(ModelExport.Member(path: path, size: file.size))
    return true
  }

  mutating func add(required path: String) throws(ModelStoreError) {
    guard add(path) else {
      throw ModelStoreError(.notFound, "'\(root.appending(path: path).path)' is missing or can't be read.")
    }
  }

  mutating func add(fold: FoldName, of model: String) throws(ModelStoreError) {
    let path = "\(model)/\(fold.folder)"
    guard hasFolder(path) else {
      let folds = ((try? Subfolders.names(of: root.appending(path: model))) ?? []).joined(separator: ", ")
      throw ModelStoreError(.notFound, "'\(model)' has no fold '\(fold)'. It has: \(folds). Choose by -f.")
    }
    for suffix in ModelFiles.checkpointSuffixes {
      try add(required: "\(path)/\(TrainedModel.defaultCheckpoint)\(suffix)")
    }
    for note in ModelFiles.notes { add("\(path)/\(note)") }
  }
}

/// nnU-Net's name of an ensemble: `ensemble_<configuration>__<trainer>__<plans>--<configuration>__<trainer>__<plans>`.
private struct EnsembleName {
  private let members: [[String]]

  init?(_ name: String) {
    let prefix = "ensemble_"
    guard name.hasPrefix(prefix) else { return nil }
    members = name.dropFirst(prefix.count).components(separatedBy: "--").map { $0.components(separatedBy: "__") }
    guard members.count == 2, members.allSatisfy({ $0.count == 3 }) else { return nil }
  }

  func isMade(of configurations: [ModelConfiguration], trainers: [String], plans: String) -> Bool {
    members.allSatisfy { member in
      configurations.contains { $0.rawValue == member[0] } && trainers.contains(member[1]) && plans == member[2]
    }
  }
}

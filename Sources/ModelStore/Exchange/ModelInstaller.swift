public import Foundation

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// Puts the models of an archive where nnU-Net and Tessera look for them
/// (nnunet/inference/pretrained_models/download_pretrained_model.py, `install_model_from_zip_file`).
///
/// Everything is unpacked beside first and then renamed into place, so a model's folder is always whole, whatever happens.
public struct ModelInstaller: Sendable {
  /// `$RESULTS_FOLDER/nnUNet`; made if missing.
  public let root: URL

  /// - Parameter results: what nnU-Net calls RESULTS_FOLDER.
  public init(results: URL) { root = results.appending(path: "nnUNet") }

  /// Installs all models and ensembles of `archive`.
  /// - Parameter replaces: whether models that are there give way. A model with folds that the archive doesn't bring never does: they
  ///   might be somebody's only copy.
  /// - Returns: the folders of the archive's units, in their order.
  /// - Throws: `ModelStoreError`; then nothing has changed.
  @discardableResult
  public func install(_ archive: ModelArchive, replaces: Bool = false) throws(ModelStoreError) -> [URL] {
    for unit in archive.units { try check(unit, replaces: replaces) }
    let files = FileManager.default
    let beside = root.appending(path: ".importing-\(UUID().uuidString)")
    let incoming = beside.appending(path: "new")
    try make(incoming)
    defer { try? files.removeItem(at: beside) }
    try checkSpace(for: archive)
    try archive.unpack(into: incoming)
    let replaced = beside.appending(path: "old")
    var undo: [(from: URL, to: URL)] = []
    do throws(ModelStoreError) {
      for unit in archive.units {
        let target = root.appending(path: unit.path)
        try make(target.deletingLastPathComponent())
        if files.fileExists(atPath: target.path) {
          let aside = replaced.appending(path: unit.path)
          try make(aside.deletingLastPathComponent())
          try move(target, to: aside)
          undo.append((aside, target))
        }
        try move(incoming.appending(path: unit.path), to: target)
        undo.append((target, incoming.appending(path: unit.path)))
      }
    } catch {
      for step in undo.reversed() { try? move(step.from, to: step.to) }
      throw error
    }
    return archive.units.map { root.appending(path: $0.path) }
  }

  private func check(_ unit: ModelArchive.Unit, replaces: Bool) throws(ModelStoreError) {
    let target = root.appending(path: unit.path)
    guard FileManager.default.fileExists(atPath: target.path) else { return }
    guard replaces else {
      throw ModelStoreError(
        .exists,
        "'\(target.path)' exists already; nothing was changed. Pass --overwrite to replace it, or move it away.")
    }
    let there = try Subfolders.names(of: target).filter { $0.hasPrefix("fold_") || $0 == FoldName.all.folder }
    let lost = there.filter { !unit.folds.contains(FoldName($0)) }
    guard lost.isEmpty else {
      throw ModelStoreError(
        .exists,
        "'\(target.path)' has \(lost.joined(separator: ", ")), which the zip file doesn't bring; nothing was changed. "
          + "Move the folder away to install another model in its place.")
    }
  }

  private func make(_ folder: URL) throws(ModelStoreError) {
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw ModelStoreError(.unwritable, "The folder '\(folder.path)' can't be made: \(error.localizedDescription)")
    }
  }

  private func checkSpace(for archive: ModelArchive) throws(ModelStoreError) {
    let needed = archive.units.reduce(0) { $0 + $1.size }
    var status = statvfs()
    guard statvfs(root.path, &status) == 0 else { return }
    let (free, overflow) = Int(status.f_bavail).multipliedReportingOverflow(by: Int(status.f_frsize))
    guard overflow || needed <= free else {
      throw ModelStoreError(
        .unwritable, "Unpacking needs \(needed) bytes, but '\(root.path)' has room for \(free); free some space.")
    }
  }

  /// Never over something that is there.
  private func move(_ source: URL, to target: URL) throws(ModelStoreError) {
    guard rename(source.path, target.path) == 0 else {
      throw ModelStoreError(
        .unwritable, "'\(target.path)' can't be put into place: \(String(cString: strerror(errno))).")
    }
  }
}

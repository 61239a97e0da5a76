public import Foundation
internal import Wording
internal import ZipFiles

/// A zip file of trained models, as `nnUNet_export_model_to_zip` and `tessera model export` make it.
///
/// Nothing in it is believed: names that lead out of a folder, links, encrypted members, claims that can't be true and members that
/// share bytes are refused before anything is written.
public final class ModelArchive {
  /// A model or an ensemble in the archive.
  public struct Unit: Hashable, Sendable, Codable {
    /// `<configuration>/<task>/<trainer>__<plans>`, or `ensembles/<task>/<ensemble>`.
    public var path: String
    /// Subfolders: the folds that it has.
    public var folds: [FoldName]
    public var files: Int
    /// Bytes when unpacked.
    public var size: Int
    public var hasPostprocessing: Bool

    public var isEnsemble: Bool { path.hasPrefix("\(ExchangePath.ensembles)/") }
    /// `TaskXXX_Name`.
    public var task: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }
  }

  /// What an archive may cost. The largest that were published have about 10 GB.
  public struct Limits: Hashable, Sendable {
    public var files: Int
    /// Bytes of all files when unpacked.
    public var size: Int

    public init(files: Int = 10_000, size: Int = 1 << 38) {
      self.files = files
      self.size = size
    }
  }

  /// Sorted by path.
  public let units: [Unit]
  /// Members that belong to no model, such as those that an operating system adds; they are left out.
  public let ignored: [String]
  private let members: [(entry: ZipEntry, parts: [String])]
  private let zip: ZipReader
  private let name: String

  /// Opens an archive and checks every member's name and claims.
  /// - Throws: `ModelStoreError`; `.damaged` for an archive that mustn't be unpacked.
  public init(_ file: URL, limits: Limits = Limits()) throws(ModelStoreError) {
    name = file.lastPathComponent
    guard FileManager.default.fileExists(atPath: file.path) else {
      throw ModelStoreError(.notFound, "There is no file '\(file.path)'.")
    }
    do throws(ZipError) {
      zip = try ZipReader(path: file.path)
    } catch {
      throw ModelStoreError(.damaged, error.description)
    }
    let found = try Self.check(zip, name: name, limits: limits)
    members = found.members
    ignored = found.ignored
    units = Self.units(of: found.members)
    guard units.contains(where: { !$0.isEnsemble }) else {
      throw ModelStoreError(
        .notFound,
        "'\(name)' holds no model: expected members such as 3d_fullres/Task001_Name/nnUNetTrainerV2__nnUNetPlansv2.1/fold_0/…, "
          + "found \(zip.entries.isEmpty ? "none" : zip.entries.prefix(3).map { $0.name.quotable() }.joined(separator: ", "))."
      )
    }
  }

  /// Unpacks the members of one unit, or of all.
  /// - Parameters:
  ///   - folder: a new folder of the caller's; members keep their paths below it.
  ///   - unit: of `units`; `nil` for all.
  /// - Throws: `ModelStoreError` for bytes that don't match their checksums, or a disk that is full.
  public func unpack(_ unit: Unit? = nil, into folder: URL) throws(ModelStoreError) {
    var made: Set<String> = []
    for (entry, parts) in members where unit == nil || ExchangePath.unit(of: parts) == unit?.path {
      let target = folder.appending(path: parts.joined(separator: "/"))
      let parent = target.deletingLastPathComponent()
      if made.insert(parent.path).inserted {
        do {
          try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
        } catch {
          throw ModelStoreError(
            .unreadable, "The folder '\(parent.path)' can't be made: \(error.localizedDescription)")
        }
      }
      do throws(ZipError) {
        try zip.extract(entry, to: target.path)
      } catch {
        throw ModelStoreError(error.code == .write ? .unwritable : .damaged, error.description)
      }
    }
  }

  private typealias Members = [(entry: ZipEntry, parts: [String])]

  private static func check(
    _ zip: ZipReader, name: String, limits: Limits
  ) throws(ModelStoreError) -> (members: Members, ignored: [String]) {
    func refused(_ why: String) -> ModelStoreError {
      ModelStoreError(
        .damaged, "'\(name)' isn't unpacked: \(why). Nothing was written; get it again from where it was made.")
    }
    var members: Members = []
    var ignored: [String] = []
    var names: Set<String> = []
    var folders: Set<String> = []
    var size = UInt64(0)
    for entry in zip.entries {
      let isFolder = entry.name.hasSuffix("/")
      guard let parts = ExchangePath.parts(isFolder ? String(entry.name.dropLast()) : entry.name) else {
        throw refused("its member '\(entry.name.quotable())' leads out of the folder")
      }
      guard entry.kind != .special else {
        throw refused("its member '\(entry.name.quotable())' is a link, encrypted, or no plain file")
      }
      guard entry.kind == .file else { continue }
      do throws(ZipError) { try zip.checkClaims(of: entry) } catch { throw refused(error.description) }
      guard ExchangePath.unit(of: parts) != nil else {
        ignored.append(entry.name)
        continue
      }
      guard names.insert(parts.joined(separator: "/")).inserted else {
        throw refused("it has '\(entry.name.quotable())' twice")
      }
      for depth in 1..<parts.count { folders.insert(parts.prefix(depth).joined(separator: "/")) }
      let (sum, overflow) = size.addingReportingOverflow(entry.size)
      size = sum
      guard !overflow, size <= UInt64(max(limits.size, 0)) else {
        throw refused("its files have more than \(limits.size) bytes")
      }
      members.append((entry, parts))
    }
    guard members.count <= limits.files else {
      throw refused("it has \(members.count) files, expected at most \(limits.files)")
    }
    if let both = names.first(where: { folders.contains($0) }) {
      throw refused("'\(both.quotable())' is a file and a folder in it")
    }
    return (members, ignored)
  }

  private static func units(of members: Members) -> [Unit] {
    var units: [String: Unit] = [:]
    for (entry, parts) in members {
      guard let path = ExchangePath.unit(of: parts) else { continue }
      var unit = units[path] ?? Unit(path: path, folds: [], files: 0, size: 0, hasPostprocessing: false)
      unit.files += 1
      unit.size += Int(entry.size)
      let rest = parts.dropFirst(path.split(separator: "/").count)
      if rest.count == 1, rest.first == ModelFiles.postprocessing { unit.hasPostprocessing = true }
      if rest.count > 1, let fold = rest.first, !unit.folds.contains(FoldName(fold)) {
        unit.folds.append(FoldName(fold))
      }
      units[path] = unit
    }
    return units.values.map { unit in
      var sorted = unit
      sorted.folds.sort { $0.folder.utf8.lexicographicallyPrecedes($1.folder.utf8) }
      return sorted
    }.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
  }
}

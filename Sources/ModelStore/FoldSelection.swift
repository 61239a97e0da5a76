internal import Foundation

/// The name of a fold's subfolder: `fold_0`, …, or `all`.
public struct FoldName: Hashable, Sendable, Codable, CustomStringConvertible {
  public var folder: String

  public init(_ folder: String) { self.folder = folder }
  public init(_ number: Int) { folder = "fold_\(number)" }

  /// The fold that was trained on every case.
  public static let all = FoldName("all")

  /// Of `fold_3` it is 3; `nil` for `all`.
  public var number: Int? {
    let prefix = "fold_"
    return folder.hasPrefix(prefix) ? Int(folder.dropFirst(prefix.count)) : nil
  }

  public var description: String { folder }

  public init(from decoder: any Decoder) throws {
    folder = try decoder.singleValueContainer().decode(String.self)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(folder)
  }
}

/// Which folds of a model predict; their probabilities are averaged.
public enum FoldSelection: Hashable, Sendable {
  /// Every subfolder whose name begins with `fold_`, or `all` where there is none of them. One that holds no model is passed over:
  /// nnU-Net leaves a `fold_0` with nothing but a log when it predicts with other folds.
  case automatic
  /// The fold `all` where it exists, else every fold.
  case all
  /// These numbers, in this order.
  case list([Int])
  /// These subfolders, in this order.
  case named([FoldName])

  /// The selected folds of the model in `folder`, in the order in which nnU-Net averages them: sorted as texts unless they are named.
  /// - Throws: `ModelStoreError` when there is none, or a named one is missing.
  func folds(in folder: URL) throws(ModelStoreError) -> [FoldName] {
    let subfolders = try Subfolders.names(of: folder)
    let named = subfolders.filter { $0.hasPrefix("fold_") }
    let numbered = named.filter { FoldSelection.holdsModel(folder.appending(path: $0)) }.map { FoldName($0) }
    let hasAll = subfolders.contains(FoldName.all.folder)
    switch self {
    case .automatic where !numbered.isEmpty: return numbered
    case .automatic, .all:
      guard hasAll || !numbered.isEmpty else {
        throw ModelStoreError(
          .notFound,
          "'\(folder.path)' has no folds: neither 'all' nor a subfolder like 'fold_0'. "
            + "Give the folder that holds them, '<trainer>__<plans>' in nnU-Net's layout.")
      }
      return hasAll ? [.all] : numbered
    case .list(let numbers): return try FoldSelection.check(numbers.map { FoldName($0) }, in: folder, subfolders)
    case .named(let names): return try FoldSelection.check(names, in: folder, subfolders)
    }
  }

  private static func holdsModel(_ fold: URL) -> Bool {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: fold.path)) ?? []
    return files.contains { $0.hasSuffix(".model") || $0.hasSuffix(".model.pkl") }
  }

  private static func check(
    _ names: [FoldName], in folder: URL, _ subfolders: [String]
  ) throws(ModelStoreError) -> [FoldName] {
    guard !names.isEmpty, Set(names).count == names.count else {
      throw ModelStoreError(.ambiguous, "Folds must be named once each, and at least one; given are \(names).")
    }
    let missing = names.filter { !subfolders.contains($0.folder) }.map(\.folder)
    guard missing.isEmpty else {
      throw ModelStoreError(
        .notFound,
        "'\(folder.path)' lacks the folds \(missing.joined(separator: ", ")). It has: \(subfolders.joined(separator: ", "))."
      )
    }
    return names
  }
}

/// The folders inside a folder.
enum Subfolders {
  /// Names sorted as texts, by their bytes; hidden ones are left out, links are followed.
  /// - Throws: `ModelStoreError` when the folder can't be read.
  static func names(of folder: URL) throws(ModelStoreError) -> [String] {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    } catch {
      let exists = FileManager.default.fileExists(atPath: folder.path)
      throw ModelStoreError(
        exists ? .unreadable : .notFound,
        exists ? "The folder '\(folder.path)' can't be read." : "There is no folder '\(folder.path)'.")
    }
    return names.filter { name in
      guard !name.hasPrefix(".") else { return false }
      var isFolder: ObjCBool = false
      let exists = FileManager.default.fileExists(atPath: folder.appending(path: name).path, isDirectory: &isFolder)
      return exists && isFolder.boolValue
    }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }
}

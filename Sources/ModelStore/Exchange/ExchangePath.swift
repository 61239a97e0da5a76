internal import Foundation

/// The place of a file in an exported zip, below `$RESULTS_FOLDER/nnUNet`
/// (nnunet/inference/pretrained_models/collect_pretrained_models.py, `export_pretrained_model`).
enum ExchangePath {
  /// nnU-Net's folder of what ensembles need.
  static let ensembles = "ensembles"
  /// `<configuration>/<task>/<trainer>__<plans>` and `ensembles/<task>/<ensemble>` have as many parts.
  private static let unitDepth = 3

  /// The longest name that file systems take, and longer paths than nnU-Net has.
  private static let longestPart = 255
  private static let longestPath = 2048

  /// The parts of a member's name, or `nil` where it leads out of a folder, or no file could have it.
  static func parts(_ name: String) -> [String]? {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard name.utf8.count <= longestPath, !name.contains("\\"), !name.contains("\0"),
      parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." && $0.utf8.count <= longestPart })
    else { return nil }
    return parts
  }

  /// The folder of a model or an ensemble that the file belongs to, as one path; `nil` for any other file, and for hidden ones.
  static func unit(of parts: [String]) -> String? {
    guard parts.count > unitDepth, !parts.contains(where: { $0.hasPrefix(".") }),
      parts[0] == ensembles || ModelConfiguration(rawValue: parts[0]) != nil
    else { return nil }
    return parts.prefix(unitDepth).joined(separator: "/")
  }
}

public import Foundation

/// nnU-Net 1.7.1 itself, for tests that compare with it while they run: skipped where Python with nnU-Net isn't at hand.
///
/// Python is what `TESSERA_PEERS_PYTHON` names, else `~/.cache/tessera-peers/bin/python`; nnU-Net's commands are called through
/// `shared/peers/nnunet_v1.py` beside the checkout, which makes it run on a current PyTorch.
public enum Nnunet {
  private static let python: URL? = {
    let named = ProcessInfo.processInfo.environment["TESSERA_PEERS_PYTHON"]
    let url = URL(filePath: named ?? NSHomeDirectory() + "/.cache/tessera-peers/bin/python")
    return FileManager.default.isExecutableFile(atPath: url.path) ? url : nil
  }()

  private static let script: URL? = {
    let url = Fixtures.repository.deletingLastPathComponent().appending(path: "shared/peers/nnunet_v1.py")
    return FileManager.default.fileExists(atPath: url.path) ? url : nil
  }()

  public static var isAtHand: Bool { python != nil && script != nil }

  /// What skipped tests say.
  public static let absence =
    "nnU-Net isn't at hand: set TESSERA_PEERS_PYTHON, and have shared/peers beside the checkout"

  /// Runs one of nnU-Net's commands, such as `["ensemble", "-f", …]`.
  /// - Parameter results: nnU-Net's RESULTS_FOLDER.
  /// - Returns: the exit code, and standard output and error.
  public static func run(_ arguments: [String], results: URL) throws -> (code: Int32, log: String) {
    try run(arguments: [script!.path] + arguments, results: results)
  }

  /// Runs a script that may import nnU-Net.
  public static func run(script: URL, _ arguments: [String], results: URL) throws -> (code: Int32, log: String) {
    try run(arguments: [script.path] + arguments, results: results)
  }

  /// Runs a few lines of Python that may import nnU-Net.
  public static func run(code: String, results: URL) throws -> (code: Int32, log: String) {
    try run(arguments: ["-c", code], results: results)
  }

  private static func run(arguments: [String], results: URL) throws -> (code: Int32, log: String) {
    let folders = ["RESULTS_FOLDER", "nnUNet_raw_data_base", "nnUNet_preprocessed"].map { ($0, results.path) }
    return try Program.run(
      python!, arguments, environment: Dictionary(uniqueKeysWithValues: folders + [("CUDA_VISIBLE_DEVICES", "")]))
  }
}

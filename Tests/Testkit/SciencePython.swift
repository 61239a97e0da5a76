public import Foundation

/// Python with NumPy, SciPy, scikit-image and nibabel: an independent implementation for tests, which are skipped where it is missing.
///
/// Python is what `TESSERA_TEST_PYTHON` names, else `python3`.
public enum SciencePython {
  private static let modules = ["numpy", "scipy", "skimage", "nibabel"]

  private static let python: URL? = {
    let named = ProcessInfo.processInfo.environment["TESSERA_TEST_PYTHON"]
    let candidates = [named, "/usr/bin/python3"].compactMap { $0 }
    return candidates.map { URL(filePath: $0) }.first { url in
      FileManager.default.isExecutableFile(atPath: url.path)
        && (try? Program.run(url, ["-c", "import \(modules.joined(separator: ", "))"]))?.code == 0
    }
  }()

  public static var isAtHand: Bool { python != nil }

  /// What skipped tests say.
  public static let absence =
    "no Python with \(modules.joined(separator: ", ")): install Debian's python3-skimage and python3-nibabel, or set TESSERA_TEST_PYTHON"

  /// Runs a script.
  /// - Returns: the exit code, and standard output and error.
  public static func run(script: URL, _ arguments: [String]) throws -> (code: Int32, log: String) {
    try Program.run(python!, [script.path] + arguments)
  }
}

public import Foundation

/// Where tests find their data: `Tests/Fixtures`, which is committed, and nnU-Net's larger set of answers where it is at hand.
public enum Fixtures {
  /// The checkout's root.
  public static let repository = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// `Tests/Fixtures`.
  public static let directory = repository.appending(path: "Tests/Fixtures")

  /// The full set of nnU-Net's answers: the folder in `TESSERA_GOLDEN`, else `shared/golden` beside the checkout, else `nil`.
  /// Tests that need it say so and are skipped without it.
  public static let golden: URL? = {
    let candidates = [
      ProcessInfo.processInfo.environment["TESSERA_GOLDEN"].map { URL(filePath: $0) },
      repository.deletingLastPathComponent().appending(path: "shared/golden"),
    ]
    return candidates.compactMap { $0 }.first {
      FileManager.default.fileExists(atPath: $0.appending(path: "results/nnUNet").path)
    }
  }()
}

/// A new empty folder that is removed when the value goes.
public final class TemporaryFolder: Sendable {
  public let url: URL

  public init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "tessera-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }
}

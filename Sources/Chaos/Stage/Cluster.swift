internal import Foundation

/// Three RabbitMQ nodes in network namespaces of their own.
struct Cluster: Sendable {
  let folder: URL
  let compose: URL
  let url: String

  /// - Throws: `ChaosSkip` where this process may not make network namespaces.
  init(in folder: URL, compose: URL) async throws {
    self.folder = folder
    self.compose = compose
    do {
      try await Script.run(compose.appending(path: "cluster"), ["start", folder.path])
    } catch let error as ChaosError
      where error.description.contains("isn't permitted here") || error.description.contains("is missing")
    {
      throw ChaosSkip("a cluster in network namespaces can't be made here: \(error.description.suffix(200))")
    }
    url = try String(contentsOf: folder.appending(path: "url"), encoding: .utf8).trimmingCharacters(
      in: .whitespacesAndNewlines)
  }

  @discardableResult
  func run(_ action: String, _ arguments: String...) async throws -> String {
    try await Script.run(compose.appending(path: "cluster"), [action, folder.path] + arguments)
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }
}

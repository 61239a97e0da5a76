public import Digests
public import UNet

/// Names one fold's weights as an engine takes them: by everything that decides about their bytes.
public struct WeightsKey: Hashable, Sendable {
  /// SHA-256 over the fold's checkpoint and the engine's layout.
  public let digest: Digest
  /// Bytes of the weights.
  public let byteCount: Int

  /// `nil` for an engine whose weights aren't worth keeping.
  /// - Parameter checkpoint: SHA-256 of the fold's checkpoint, the file with the weights.
  /// - Throws: `NetworkExecutionError` for a network that can't be run.
  public init?(checkpoint: Digest, engine: NetworkEngine) throws {
    guard let layout = try engine.weightsLayout() else { return nil }
    digest = Digest(of: "checkpoint \(checkpoint)\n\(layout)\n".utf8)
    byteCount = try engine.weightBytes()
  }

  var fileName: String { digest.hexadecimal + Self.suffix }

  static let suffix = ".weights"
}

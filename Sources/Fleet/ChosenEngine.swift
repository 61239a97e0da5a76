public import Digests
internal import UNet

/// The engine that a worker slot computes a model with, and why: for logs and reports.
public struct ChosenEngine: Hashable, Sendable {
  /// The model's manifest.
  public var model: Digest
  /// As results name it, such as `winograd/avx512`.
  public var engine: String
  /// Half a sentence.
  public var reason: String
  /// Whether a faster engine was passed over.
  public var isFallback: Bool

  init(_ engine: NetworkEngine, model: Digest) {
    self.model = model
    self.engine = engine.identity.description
    reason = engine.reason
    isFallback = engine.isFallback
  }
}

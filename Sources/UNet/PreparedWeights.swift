internal import ModelPlans

/// The weights of one fold as an engine takes them: made once by `NetworkEngine.prepare`, then only read, so any number of
/// executors may share them, in any threads.
public final class PreparedWeights: Sendable {
  let description: NetworkDescription
  let kind: Kind

  enum Kind: Sendable {
    case blas(PackedWeights)
    case winograd(WinogradWeights)
  }

  init(_ description: NetworkDescription, _ kind: Kind) {
    self.description = description
    self.kind = kind
  }

  /// Where they lie.
  public var memory: any WeightMemory {
    switch kind {
    case .blas(let weights): weights.memory
    case .winograd(let weights): weights.memory
    }
  }

  /// What the weights take, without what rounds the memory up.
  public var byteCount: Int {
    switch kind {
    case .blas(let weights): weights.byteCount
    case .winograd(let weights): weights.byteCount
    }
  }
}

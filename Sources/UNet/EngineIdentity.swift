public import Kernels

/// What computed a result: with model and input it determines the bits.
public struct EngineIdentity: Hashable, Sendable, Codable, CustomStringConvertible {
  /// `blas`, or `reference` for the slow twin.
  public var engine: String
  public var features: ComputeFeatures

  public init(engine: String, features: ComputeFeatures = .current) {
    self.engine = engine
    self.features = features
  }

  /// Such as `blas, avx512, OpenBLAS SkylakeX`.
  public var description: String { "\(engine), \(features.instructionSet), OpenBLAS \(features.openBLASCore)" }
}

public import Kernels

/// What computed a result: with model and input it determines the bits.
public struct EngineIdentity: Hashable, Sendable, Codable, CustomStringConvertible {
  /// `blas`, `winograd`, or `reference` for the slow twin.
  public var engine: String
  public var features: ComputeFeatures

  public init(engine: String, features: ComputeFeatures = .current) {
    self.engine = engine
    self.features = features
  }

  /// In place of OpenBLAS's processor where an engine doesn't use OpenBLAS.
  public static let noOpenBLAS = "none"

  /// Such as `blas, avx512, OpenBLAS SkylakeX`, or `winograd, avx2`.
  public var description: String {
    "\(engine), \(features.instructionSet)"
      + (features.openBLASCore == Self.noOpenBLAS ? "" : ", OpenBLAS \(features.openBLASCore)")
  }
}

public import Kernels

/// What computed a result: with model and input it determines the bits.
public struct EngineIdentity: Hashable, Sendable, Codable, CustomStringConvertible {
  /// `blas`, `winograd`, `winograd-small` with less memory, or `reference` for the slow twin.
  public var engine: String
  public var features: ComputeFeatures

  public init(engine: String, features: ComputeFeatures = .current) {
    self.engine = engine
    self.features = features
  }

  /// In place of OpenBLAS's processor where an engine doesn't use OpenBLAS.
  public static let noOpenBLAS = "none"

  /// The name in results, without commas, since several are joined by them: engine, instruction set, and OpenBLAS's core where it
  /// computes, such as `winograd/avx2` or `blas/avx512/SkylakeX`.
  public var description: String {
    ([engine, features.instructionSet] + (features.openBLASCore == Self.noOpenBLAS ? [] : [features.openBLASCore]))
      .joined(separator: "/")
  }
}

extension EngineIdentity {
  /// Plans use different methods, so they have different bits and different names.
  init(winograd kernels: BlockedKernels, _ plan: WinogradPlan) {
    self.init(
      engine: plan == .fast ? "winograd" : "winograd-\(plan.rawValue)",
      features: ComputeFeatures(instructionSet: kernels.instructionSet.description, openBLASCore: Self.noOpenBLAS))
  }
}

/// What this process computes with: recorded with every result, because the bits of a result depend on it.
public struct ComputeFeatures: Hashable, Sendable, Codable {
  /// Of Tessera's own kernels: `sse2`, `neon`, `avx2`, `avx512`.
  public var instructionSet: String
  /// The processor that OpenBLAS's kernels were chosen for, by OpenBLAS's own name, such as `Haswell` or `SkylakeX`. The
  /// environment variable `OPENBLAS_CORETYPE` overrides OpenBLAS's choice.
  public var openBLASCore: String

  public init(instructionSet: String, openBLASCore: String) {
    self.instructionSet = instructionSet
    self.openBLASCore = openBLASCore
  }

  public static let current = ComputeFeatures(
    instructionSet: InstructionSet.best.description, openBLASCore: OpenBLAS.coreName)
}

internal import CKernels

/// An instruction set that Tessera's kernels are compiled for. All of them give the same bits; OpenBLAS, which chooses its
/// own code, doesn't.
public enum InstructionSet: Int, CaseIterable, Comparable, Sendable, CustomStringConvertible {
  /// What the compiler targets without being told: SSE2 on x86-64, NEON on arm64.
  case portable = 0
  case avx2 = 1
  case avx512 = 2

  /// `sse2`, `neon`, `avx2`, `avx512`: the word in results and reports.
  public var description: String {
    switch self {
    case .portable:
      #if arch(x86_64)
        "sse2"
      #elseif arch(arm64)
        "neon"
      #else
        "portable"
      #endif
    case .avx2: "avx2"
    case .avx512: "avx512"
    }
  }

  /// Those that this processor has, weakest first.
  public static let available: [InstructionSet] = allCases.filter {
    tessera_activation_kernels_of(Int32($0.rawValue)) != nil
  }

  /// The strongest that this processor has.
  public static let best: InstructionSet = available.last ?? .portable

  public static func < (a: InstructionSet, b: InstructionSet) -> Bool { a.rawValue < b.rawValue }
}

/// How the `pack` functions of the blocked kernels lay weights out, as far as others keep what they wrote.
public enum PackedLayout {
  /// Raised whenever one of them writes other bytes for the same weights and the same layer: weights that were kept on disk are
  /// then packed anew. The bytes don't depend on the instruction set, since transforms are computed in double.
  public static let version = 1
}

internal import COpenBLAS

/// The matrix product of OpenBLAS, called from our own threads.
///
/// OpenBLAS is held to one thread for each call: with its own threads the split of a product, hence its rounding, would depend
/// on their number. One call's result depends on its shape and on `coreName` only. Calls from several threads at once are
/// safe: each takes its own packing buffer.
public enum OpenBLAS {
  /// The processor whose kernels OpenBLAS runs here, such as `Haswell`, `SkylakeX`, `Zen`.
  public static let coreName: String = {
    _ = oneThread
    return openblas_get_corename().map { String(cString: $0) } ?? "unknown"
  }()

  /// Version and build options, as OpenBLAS states them.
  public static let configuration: String = openblas_get_config().map { String(cString: $0) } ?? "unknown"

  private static let oneThread: Void = openblas_set_num_threads(1)

  /// How the second factor of a product lies in memory.
  public enum Layout: Sendable {
    /// `[k][column]`.
    case plain
    /// `[column][k]`.
    case transposed
  }

  /// `C = A B`, or `C += A B` with `adding`, for row-major matrices: `A` is `[rows][inner]`, `B` `[inner][columns]` or its
  /// transpose, `C` `[rows][columns]`. A stride is the distance of adjacent rows in floats.
  @inline(__always)
  public static func multiply(
    rows: Int, columns: Int, inner: Int, a: UnsafePointer<Float>, strideA: Int, b: UnsafePointer<Float>, strideB: Int,
    layoutB: Layout = .plain, adding: Bool = false, c: UnsafeMutablePointer<Float>, strideC: Int
  ) {
    _ = oneThread
    cblas_sgemm(
      CblasRowMajor, CblasNoTrans, layoutB == .plain ? CblasNoTrans : CblasTrans, blasint(rows), blasint(columns),
      blasint(inner), 1, a, blasint(strideA), b, blasint(strideB), adding ? 1 : 0, c, blasint(strideC))
  }
}

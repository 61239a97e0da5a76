public import Kernels

/// What a forward benchmark measured. Its JSON is what `tessera bench forward --json` prints.
public struct ForwardBenchmarkReport: Hashable, Sendable, Codable {
  /// `blas` or `winograd`.
  public var engine: String
  /// Of Tessera's own kernels, such as `avx512`.
  public var instructionSet: String
  /// The processor that OpenBLAS's kernels were chosen for; `none` where the engine doesn't use it.
  public var openBLASCore: String
  public var threads: Int
  /// Timed passes.
  public var runs: Int
  /// Of each timed pass, in their order.
  public var passes: [Double]
  /// Median of the passes.
  public var seconds: Double
  /// 1e9 floating-point operations of a pass, counted as direct convolution.
  public var gflop: Double
  /// `gflop` per second.
  public var gflops: Double
  /// The largest absolute difference from the reference logits; `nil` without a reference.
  public var largestDifference: Float?
  /// Root mean square of the difference from the reference logits over that of the reference; `nil` without one.
  public var relativeError: Double?
  /// Memory of activations and scratch.
  public var workspaceBytes: Int
  /// Memory of one fold's weights as the engine lays them out.
  public var weightBytes: Int
  /// The most memory that the process ever had in use, in bytes; whoever runs the benchmark in a process of its own fills it in.
  public var peakMemoryBytes: Int?
  /// What the machine does at best, where that was measured.
  public var peak: MachinePeak?
  /// Medians of each layer, in order of execution.
  public var layers: [Layer]
  /// Of all layers together.
  public var total: Layer

  /// One layer of a pass.
  public struct Layer: Hashable, Sendable, Codable {
    /// nnU-Net's name.
    public var name: String
    /// Such as `F(4,4,4)` for Winograd's method with four outputs along each axis, `direct`, `im2col`.
    public var method: String
    public var seconds: Double
    /// 1e9 operations, counted as direct convolution.
    public var gflop: Double
    public var gflops: Double
    /// 1e9 operations that the method really does: products of padded channels, and the transforms.
    public var arithmeticGflop: Double
    public var arithmeticGflops: Double
    /// `arithmeticGflops` in parts of the machine's peak.
    public var shareOfPeak: Double?
    /// Bytes that cross the memory bus if each is moved once: tensors larger than the last-level cache, and weights unless those of
    /// all layers fit it.
    public var memoryBytes: Int
    /// What the arithmetic takes at the machine's peak, and the bytes at its memory's rate. A layer takes at least the larger one, and
    /// their sum where it doesn't do both at the same time.
    public var arithmeticFloorSeconds: Double?
    public var memoryFloorSeconds: Double?
  }
}

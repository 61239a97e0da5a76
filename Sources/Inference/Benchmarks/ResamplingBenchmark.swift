public import Foundation
internal import Kernels
internal import Preprocessing
public import Volumes

/// Times the cubic resampling of a synthetic image, as preprocessing does it.
public struct ResamplingBenchmark: Sendable {
  /// The image, `[z, y, x]`.
  public let extent: Extent
  /// The image's, mm.
  public let spacing: Spacing
  /// mm.
  public let target: Spacing

  public init(extent: Extent, spacing: Spacing, target: Spacing) {
    self.extent = extent
    self.spacing = spacing
    self.target = target
  }

  /// What a run measured. Its JSON is what `tessera bench resample --json` prints.
  public struct Report: Hashable, Sendable, Codable {
    public var extent: Extent
    public var resampledExtent: Extent
    public var instructionSet: String
    public var threads: Int
    /// Timed runs.
    public var runs: Int
    /// The median run.
    public var seconds: Double
    /// Processor time of the median run, of all threads.
    public var cpuSeconds: Double
    /// Of the process, the image included.
    public var peakMemoryBytes: Int
  }

  /// - Parameters:
  ///   - runs: at least 1; the median counts.
  ///   - folder: also gets `input.f32` and `output.f32` (float32, `[z, y, x]`) for a peer, where given.
  /// - Throws: `PreprocessingError` for an impossible size, or what writing files throws.
  public func run(threads: Int, runs: Int, folder: URL? = nil) throws -> Report {
    let pool = ComputePool(threads: threads)
    let image = SyntheticImage.make(extent)
    let resampled = Extent((0..<3).map { max(1, Int((spacing[$0] / target[$0] * Double(extent[$0])).rounded())) })
    let resampler = VolumeResampler(order: 3, policy: .isotropic, replacesNaN: true)
    var clocks: [BenchClock] = []
    var result: VoxelStorage<Float>?
    for _ in 0..<max(1, runs) {
      result = nil
      var clock = BenchClock()
      result = try clock.measure {
        try resampler.resize(UnsafeBufferPointer(image.elements), extent: extent, to: resampled, pool: pool)
      }
      clocks.append(clock)
    }
    func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
    if let folder, let result {
      try Data(buffer: image.elements).write(to: folder.appending(path: "input.f32"))
      try Data(buffer: result.elements).write(to: folder.appending(path: "output.f32"))
    }
    withExtendedLifetime(image) {}  // its elements were read through a pointer
    return Report(
      extent: extent, resampledExtent: resampled, instructionSet: InstructionSet.best.description, threads: threads,
      runs: clocks.count, seconds: median(clocks.map(\.seconds)), cpuSeconds: median(clocks.map(\.cpuSeconds)),
      peakMemoryBytes: PeakMemory.bytes)
  }
}

/// An image like a CT's: soft structures and noise. The same for the same extent.
enum SyntheticImage {
  static func make(_ extent: Extent) -> VoxelStorage<Float> {
    let image = VoxelStorage<Float>(uninitialized: extent.count)
    var state: UInt32 = 1
    var index = 0
    for z in 0..<extent.z {
      for y in 0..<extent.y {
        let row = Float((z / 7 + y / 11) % 5) * 100 - 200
        for x in 0..<extent.x {
          state = state &* 1_664_525 &+ 1_013_904_223  // Numerical Recipes' generator: good enough for noise
          image.elements[index] = row + Float(x / 13 % 4) * 50 + Float(state >> 16) / 256
          index += 1
        }
      }
    }
    return image
  }
}

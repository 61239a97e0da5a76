public import Foundation
internal import Kernels
internal import Preprocessing
internal import SlidingWindow
public import Volumes

/// Times the export of synthetic class probabilities: from the network's grid to the image's label map, slab by slab, as after
/// stitching.
public struct ExportBenchmark: Sendable {
  /// The image, `[z, y, x]`; nothing is cropped.
  public let extent: Extent
  /// The image's, mm.
  public let spacing: Spacing
  /// The network's, mm.
  public let target: Spacing
  public let classes: Int

  public init(extent: Extent, spacing: Spacing, target: Spacing, classes: Int) {
    self.extent = extent
    self.spacing = spacing
    self.target = target
    self.classes = classes
  }

  /// What a run measured.
  public struct Report: Hashable, Sendable, Codable {
    public var extent: Extent
    public var networkExtent: Extent
    public var classes: Int
    public var instructionSet: String
    public var threads: Int
    /// From the first slab to the label map, without the time in which the probabilities were made up.
    public var seconds: Double
    /// Processor time of the same, of all threads.
    public var cpuSeconds: Double
    /// Of the process.
    public var peakMemoryBytes: Int
  }

  /// - Parameter folder: also gets `probabilities.f32` (float32, `[class, z, y, x]` on the network's grid) for a peer, where given.
  /// - Throws: `InferenceError` or `PreprocessingError` for an impossible size, or what writing files throws.
  public func run(threads: Int, folder: URL? = nil) throws -> (report: Report, labels: LabelVolume) {
    let pool = ComputePool(threads: threads)
    let network = Extent((0..<3).map { max(1, Int((spacing[$0] / target[$0] * Double(extent[$0])).rounded())) })
    let properties = CaseProperties(
      originalExtent: extent, originalSpacing: spacing,
      cropBox: VoxelBox(lower: Extent(z: 0, y: 0, x: 0), upper: extent), resampledExtent: network,
      spacingAfterResampling: target, transposeForward: .identity)
    let exporter = try Exporter(
      properties: properties, interpolation: ExportInterpolation(properties, parameters: .init()), classes: classes,
      rule: .largest, pool: pool)
    let synthetic = SyntheticProbabilities(classes: classes, extent: network)
    let file = try folder.map {
      try PlanarFile($0.appending(path: "probabilities.f32"), classes: classes, extent: network)
    }
    var clock = BenchClock()
    for start in stride(from: 0, to: network.z, by: Self.slab) {
      let planes = start..<min(start + Self.slab, network.z)
      let slab = ProbabilitySlab(planes: planes, probabilities: synthetic.planes(planes, pool: pool))
      try file?.write(slab)
      try clock.measure { try exporter.consume(slab) }
    }
    let labels = try exporter.finish()
    let report = Report(
      extent: extent, networkExtent: network, classes: classes, instructionSet: InstructionSet.best.description,
      threads: threads, seconds: clock.seconds, cpuSeconds: clock.cpuSeconds,
      peakMemoryBytes: PeakMemory.bytes)
    return (report, labels)
  }

  /// Planes of a slab: as many as the stitcher hands on.
  private static let slab = Stitcher.defaultPlanes
}

/// Probabilities with a soft blob for each class, and noise on them, so that every class wins somewhere and borders are rough.
struct SyntheticProbabilities: Sendable {
  let classes: Int
  let extent: Extent

  /// `[class, plane, y, x]`; they add up to 1.
  func planes(_ range: Range<Int>, pool: ComputePool) -> ChannelVolume {
    let slab = ChannelVolume(channels: classes, extent: Extent(z: range.count, y: extent.y, x: extent.x))
    let elements = slab.elements.baseAddress!
    let stride = slab.extent.count
    pool.forEach(range.count * extent.y) { item, _ in
      let z = range.lowerBound + item / extent.y
      let y = item % extent.y
      var state = UInt32(truncatingIfNeeded: (z * extent.y + y) &* 2_654_435_761 &+ 1)
      for x in 0..<extent.x {
        var sum: Float = 0
        let voxel = elements + item * extent.x + x
        for label in 0..<classes {
          state = state &* 1_664_525 &+ 1_013_904_223
          let distance = distance(label, z, y, x)
          let value = (1 + Float(state >> 16) / 6_553_600) / (0.02 + distance * distance)
          voxel[label * stride] = value
          sum += value
        }
        for label in 0..<classes { voxel[label * stride] /= sum }
      }
    }
    return slab
  }

  /// The squared distance from the middle of the class's blob, in parts of the volume.
  private func distance(_ label: Int, _ z: Int, _ y: Int, _ x: Int) -> Float {
    func part(_ place: Int, _ length: Int, _ factor: Float) -> Float {
      let middle = (Float(label) * factor).truncatingRemainder(dividingBy: 1)
      return Float(place) / Float(length) - middle
    }
    let (dz, dy, dx) = (part(z, extent.z, 0.618_034), part(y, extent.y, 0.754_878), part(x, extent.x, 0.569_84))
    return dz * dz + dy * dy + dx * dx
  }
}

/// A file `[class, z, y, x]` that is written slab by slab.
private final class PlanarFile {
  private let handle: FileHandle
  private let extent: Extent

  init(_ url: URL, classes: Int, extent: Extent) throws {
    guard FileManager.default.createFile(atPath: url.path, contents: nil) else {
      throw InferenceError(
        .unwritableFile, "The benchmark's file \(url.path) can't be made; check TMPDIR and its space.")
    }
    handle = try FileHandle(forWritingTo: url)
    try handle.truncate(atOffset: UInt64(classes * extent.count * MemoryLayout<Float>.stride))
    self.extent = extent
  }

  deinit { try? handle.close() }

  func write(_ slab: ProbabilitySlab) throws {
    let plane = extent.y * extent.x
    for channel in 0..<slab.probabilities.channels {
      let offset = (channel * extent.z + slab.planes.lowerBound) * plane * MemoryLayout<Float>.stride
      try handle.seek(toOffset: UInt64(offset))
      try handle.write(contentsOf: Data(buffer: slab.probabilities.channel(channel)))
    }
  }
}

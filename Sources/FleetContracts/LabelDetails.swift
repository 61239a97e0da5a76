/// What a run has measured of one label beyond its volume. Axes are x, y, z, as in the file's header.
///
/// "World" is NIfTI's: mm that grow to right, anterior, superior, by the image's affine. What a label that is absent has no value for is
/// `nil`; that it may be incomplete is told by flags, never by a value that is left out.
public struct LabelDetails: Hashable, Sendable, Codable {
  /// The value of the label's voxels in the label map.
  public var label: Int
  /// The smallest box around its voxels; `nil` when it is absent.
  public var box: Box?
  /// The mean of its voxels' indices, from 0; `nil` when it is absent.
  public var centroidVoxel: [Double]?
  /// The same place in the world, mm.
  public var centroidMm: [Double]?
  /// mm², of the mesh that marching cubes lays around it.
  public var surfaceMm2: Double
  /// Parts whose voxels reach each other through shared faces.
  public var components: Int
  /// mL; `nil` when it is absent.
  public var largestComponentMl: Double?
  /// Whether it has a voxel in an outermost plane of the image.
  public var touchesBorder: Bool
  /// Whether a better result will take its place.
  public var isPreliminary: Bool
  /// Mean probability of the label over the voxels that the network gave it, from 0 to 1; `nil` when there are none.
  public var meanConfidence: Double?
  /// Mean entropy of the classes' probabilities over the same voxels, nats.
  public var meanEntropy: Double?
  /// By channel; none when it is absent.
  public var intensities: [Intensity]

  public struct Box: Hashable, Sendable, Codable {
    /// The first voxels, from 0.
    public var lowerVoxel: [Int]
    /// The last voxels.
    public var upperVoxel: [Int]
    /// The smallest box along the world's axes around all of the voxels, their outer faces included, mm.
    public var lowerMm: [Double]
    public var upperMm: [Double]

    public init(lowerVoxel: [Int], upperVoxel: [Int], lowerMm: [Double], upperMm: [Double]) {
      self.lowerVoxel = lowerVoxel
      self.upperVoxel = upperVoxel
      self.lowerMm = lowerMm
      self.upperMm = upperMm
    }
  }

  /// Of the image's values where the label is, in the image's own unit.
  public struct Intensity: Hashable, Sendable, Codable {
    /// The model's input channel, from 0.
    public var channel: Int
    public var mean: Double
    /// Of all voxels: the square root of the mean squared difference from the mean.
    public var sd: Double
    public var min: Double
    public var max: Double
    public var p05: Double
    public var p50: Double
    public var p95: Double

    public init(
      channel: Int, mean: Double, sd: Double, min: Double, max: Double, p05: Double, p50: Double, p95: Double
    ) {
      self.channel = channel
      self.mean = mean
      self.sd = sd
      self.min = min
      self.max = max
      self.p05 = p05
      self.p50 = p50
      self.p95 = p95
    }
  }

  public init(
    label: Int, box: Box? = nil, centroidVoxel: [Double]? = nil, centroidMm: [Double]? = nil, surfaceMm2: Double = 0,
    components: Int = 0, largestComponentMl: Double? = nil, touchesBorder: Bool = false, isPreliminary: Bool = false,
    meanConfidence: Double? = nil, meanEntropy: Double? = nil, intensities: [Intensity] = []
  ) {
    self.label = label
    self.box = box
    self.centroidVoxel = centroidVoxel
    self.centroidMm = centroidMm
    self.surfaceMm2 = surfaceMm2
    self.components = components
    self.largestComponentMl = largestComponentMl
    self.touchesBorder = touchesBorder
    self.isPreliminary = isPreliminary
    self.meanConfidence = meanConfidence
    self.meanEntropy = meanEntropy
    self.intensities = intensities
  }
}

/// Reading what runs have measured.
public protocol LabelDetailReading: Sendable {
  /// By ascending label; none for a run that isn't completed, or was completed by a version that didn't measure them.
  func labelDetails(of run: RunID) async throws -> [LabelDetails]
}

/// What the class of nnU-Net that trained a model decides about inference. Much of it can't be seen in the weights.
public struct Trainer: Hashable, Sendable {
  /// Whether predictions may be averaged over mirrored patches.
  public enum Mirroring: String, Hashable, Sendable, Codable {
    /// Over every spatial axis of the network.
    case allAxes
    /// Asked for or not, only the patch as it is.
    case noAxes
    /// Trained without: asking for it is an error.
    case notAllowed
  }

  /// nnU-Net's name of the class.
  public var name: String
  public var mirroring: Mirroring
  /// Whether the network also sees the previous stage's segmentation, one channel a foreground class.
  public var isCascade: Bool
  /// For region-based models: output channel `i` stands for label `regionsClassOrder[i]`, and there is no background channel.
  public var regionsClassOrder: [Int]?
  /// What follows each convolution.
  public var block: BlockDescription
  public var headHasBias: Bool
  /// Replaces the plans' number of convolutions a level.
  public var convolutionsPerStage: Int?
  /// Replaces the plans' features of the first level.
  public var baseFeatures: Int?
  /// Whether all kernels are 3, whatever the plans say.
  public var ignoresPlannedKernels: Bool
  /// Whether the encoder is made of residual blocks, as the plans of nnU-Net's residual planners describe them.
  public var hasResidualEncoder: Bool
  /// Whether nnU-Net's class raises an error for 2D plans.
  public var isOnly3D: Bool

  public init(
    name: String, mirroring: Mirroring = .allAxes, isCascade: Bool = false, regionsClassOrder: [Int]? = nil,
    block: BlockDescription = .standard, headHasBias: Bool = false, convolutionsPerStage: Int? = nil,
    baseFeatures: Int? = nil, ignoresPlannedKernels: Bool = false, hasResidualEncoder: Bool = false,
    isOnly3D: Bool = false
  ) {
    self.name = name
    self.mirroring = mirroring
    self.isCascade = isCascade
    self.regionsClassOrder = regionsClassOrder
    self.block = block
    self.headHasBias = headHasBias
    self.convolutionsPerStage = convolutionsPerStage
    self.baseFeatures = baseFeatures
    self.ignoresPlannedKernels = ignoresPlannedKernels
    self.hasResidualEncoder = hasResidualEncoder
    self.isOnly3D = isOnly3D
  }
}

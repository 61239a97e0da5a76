/// The U-Net that a model's plans describe, without weights and without an engine: what `Generic_UNet` builds
/// (nnunet/network_architecture/generic_UNet.py). An inference engine executes it; a training engine can take the same one.
///
/// Kernels and strides have as many entries as the network has spatial axes: `[z, y, x]` for 3D, `[y, x]` for 2D.
public struct NetworkDescription: Hashable, Sendable {
  /// Spatial axes of the network: 2 or 3.
  public var spatialAxes: Int { patch.count }
  /// The patch that the network sees, in voxels, `[z, y, x]` or `[y, x]` (transposed axis order).
  public var patch: [Int]
  public var inputChannels: Int
  /// Channels of the head: classes with background, or regions.
  public var outputChannels: Int
  /// Channels of each level, 0 (full resolution) to `poolings`.
  public var features: [Int]
  /// Convolution kernel of each encoder level, 0 to `poolings`; entries are 1 or 3.
  public var kernels: [[Int]]
  /// Stride from level `d` to `d + 1`, for `d` in `0..<poolings`; entries are 1 or 2.
  public var strides: [[Int]]
  /// Blocks in each level of the encoder and of the decoder (`conv_per_stage`).
  public var blocksPerLevel: Int
  /// What each block does after its convolution.
  public var block: BlockDescription
  /// Whether the segmentation heads have a bias.
  public var headHasBias: Bool
  /// What turns logits into probabilities.
  public var finalActivation: FinalActivation

  /// Pooling steps; the network has `poolings + 1` levels.
  public var poolings: Int { strides.count }

  public init(
    patch: [Int], inputChannels: Int, outputChannels: Int, features: [Int], kernels: [[Int]], strides: [[Int]],
    blocksPerLevel: Int = 2, block: BlockDescription = .standard, headHasBias: Bool = false,
    finalActivation: FinalActivation = .softmax
  ) {
    self.patch = patch
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.features = features
    self.kernels = kernels
    self.strides = strides
    self.blocksPerLevel = blocksPerLevel
    self.block = block
    self.headHasBias = headHasBias
    self.finalActivation = finalActivation
  }
}

/// What follows a block's convolution.
public struct BlockDescription: Hashable, Sendable {
  public enum Normalization: String, Hashable, Sendable, Codable {
    /// Per sample and channel, biased variance, affine.
    case instance
  }

  public enum Activation: Hashable, Sendable {
    case leakyReLU(slope: Float)
  }

  public var normalization: Normalization
  /// Added to the variance.
  public var epsilon: Float
  public var activation: Activation

  public init(normalization: Normalization, epsilon: Float, activation: Activation) {
    self.normalization = normalization
    self.epsilon = epsilon
    self.activation = activation
  }

  /// nnUNetTrainerV2's block: convolution, instance normalisation with epsilon 1e-5, leaky ReLU with slope 0.01.
  public static let standard = BlockDescription(
    normalization: .instance, epsilon: 1e-5, activation: .leakyReLU(slope: 0.01))
}

public enum FinalActivation: String, Hashable, Sendable, Codable {
  /// Over the channels, per voxel.
  case softmax
  /// Per channel and voxel: region-based models.
  case sigmoid
}

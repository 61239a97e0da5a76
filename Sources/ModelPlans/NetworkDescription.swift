/// The U-Net that a model's plans describe, without weights and without an engine: what `Generic_UNet` builds
/// (nnunet/network_architecture/generic_UNet.py), or `FabiansUNet` (generic_modular_residual_UNet.py) where `residual` is there. An
/// inference engine executes it; a training engine can take the same one.
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
  /// Blocks in each level of the encoder and of the decoder (`conv_per_stage`); of no meaning where `residual` is there.
  public var blocksPerLevel: Int
  /// For a network with a residual encoder: its blocks. `nil` for `Generic_UNet`.
  public var residual: ResidualEncoder?
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
    blocksPerLevel: Int = 2, residual: ResidualEncoder? = nil, block: BlockDescription = .standard,
    headHasBias: Bool = false,
    finalActivation: FinalActivation = .softmax
  ) {
    self.patch = patch
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.features = features
    self.kernels = kernels
    self.strides = strides
    self.blocksPerLevel = blocksPerLevel
    self.residual = residual
    self.block = block
    self.headHasBias = headHasBias
    self.finalActivation = finalActivation
  }
}

public enum FinalActivation: String, Hashable, Sendable, Codable {
  /// Over the channels, per voxel.
  case softmax
  /// Per channel and voxel: region-based models.
  case sigmoid
}

/// The blocks of a U-Net whose encoder is residual and whose decoder is plain (nnunet/network_architecture/
/// generic_modular_residual_UNet.py, `FabiansUNet`).
public struct ResidualEncoder: Hashable, Sendable {
  /// Residual blocks of two convolutions each, for every level.
  public var encoderBlocks: [Int]
  /// Convolutions in each step of the decoder, the lowest first.
  public var decoderBlocks: [Int]

  public init(encoderBlocks: [Int], decoderBlocks: [Int]) {
    self.encoderBlocks = encoderBlocks
    self.decoderBlocks = decoderBlocks
  }
}

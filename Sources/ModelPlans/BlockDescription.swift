/// What follows a block's convolution.
public struct BlockDescription: Hashable, Sendable {
  public enum Normalization: Hashable, Sendable {
    /// Per sample and channel, biased variance, affine (`nn.InstanceNorm3d`).
    case instance
    /// With the running mean and variance of the training, affine (`nn.BatchNorm3d` when it predicts).
    case batch
    /// Per sample and group of neighbouring channels, biased variance, affine per channel (`nn.GroupNorm`).
    case group(Int)
    /// `x / sqrt(mean(x^2) + epsilon)` per sample and channel, affine, then the greater one of that and a trained threshold
    /// (nnunet/network_architecture/custom_modules/feature_response_normalization.py). The threshold is its activation.
    case filterResponse
    /// None, and no parameters.
    case none
  }

  public enum Activation: Hashable, Sendable {
    case leakyReLU(slope: Float)
    case relu
    /// `x * P(X <= x)` of a standard normal variable, not an approximation of it.
    case gelu
    /// `x * tanh(log(1 + exp(x)))`.
    case mish
    /// The value itself.
    case none
  }

  /// What comes first after the convolution.
  public enum Order: String, Hashable, Sendable {
    case normalizationFirst
    /// `ConvDropoutNonlinNorm`. It can't be seen in the weights.
    case activationFirst
  }

  public var normalization: Normalization
  /// Added to the variance, or to the mean of squares.
  public var epsilon: Float
  public var activation: Activation
  public var order: Order

  public init(
    normalization: Normalization, epsilon: Float = 1e-5, activation: Activation, order: Order = .normalizationFirst
  ) {
    self.normalization = normalization
    self.epsilon = epsilon
    self.activation = activation
    self.order = order
  }

  /// nnUNetTrainerV2's block: convolution, instance normalisation with epsilon 1e-5, leaky ReLU with slope 0.01.
  public static let standard = BlockDescription(
    normalization: .instance, epsilon: 1e-5, activation: .leakyReLU(slope: 0.01))
}

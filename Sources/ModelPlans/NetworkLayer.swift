/// One layer with parameters, in the words of nnU-Net's state dict.
public struct NetworkLayer: Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    /// Convolution, then what `BlockDescription` says. Parameters of the convolution `<convolution>.weight`
    /// `[out, in, kernel…]` and perhaps `.bias` `[out]`, of the normalisation `<normalization>.weight` and `.bias`, each `[out]`.
    case block
    /// Transposed convolution, stride equal to kernel, no bias. Parameter `<name>.weight` `[in, out, kernel…]`.
    case transposedConvolution
    /// 1x1 convolution to the output channels. Parameter `<name>.weight` `[out, in, 1…]`, perhaps `<name>.bias`.
    case head
  }

  /// What a block does in a residual block. Parts come in the order shortcut (where there is one), first, second.
  public enum ResidualPart: Hashable, Sendable {
    /// Convolution and normalisation beside the others, on the residual block's input. No activation.
    case shortcut
    /// The first of two, on the residual block's input.
    case first
    /// The second one: the shortcut, or the residual block's input where there is none, is added before the activation.
    case second
  }

  public var name: String
  public var kind: Kind
  public var inputChannels: Int
  public var outputChannels: Int
  public var kernel: [Int]
  public var stride: [Int]
  /// The level whose resolution the layer's output has.
  public var level: Int
  /// A block's convolution in the state dict.
  public var convolution: String
  /// A block's normalisation in the state dict.
  public var normalization: String
  /// Whether a block's convolution has a bias.
  public var hasBias: Bool
  /// A second pair of names under which the state dict holds the same parameters again.
  public var repeated: Repeated?
  /// `nil` for a block that stands by itself.
  public var residualPart: ResidualPart?

  /// The state dict's second names of a convolution and its normalisation.
  public struct Repeated: Hashable, Sendable {
    public var convolution: String
    public var normalization: String
  }

  init(
    name: String, kind: Kind, inputChannels: Int, outputChannels: Int, kernel: [Int], stride: [Int], level: Int,
    convolution: String? = nil, normalization: String? = nil, hasBias: Bool = true, repeated: Repeated? = nil,
    residualPart: ResidualPart? = nil
  ) {
    self.name = name
    self.kind = kind
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.kernel = kernel
    self.stride = stride
    self.level = level
    self.convolution = convolution ?? "\(name).conv"
    self.normalization = normalization ?? "\(name).instnorm"
    self.hasBias = hasBias
    self.repeated = repeated
    self.residualPart = residualPart
  }
}

internal import CKernels

/// What a block's values become at last.
public enum BlockActivation {
  /// `y > 0 ? y : slope * y`; with a slope of 0 it is ReLU, with 1 nothing happens.
  case leakyReLU(slope: Float)
  /// `y` times the probability that a standard normal variable is at most `y`.
  case gelu
  /// `y * tanh(log(1 + exp(y)))`.
  case mish
  /// The greater one of `y` and the channel's floor, `[channel]`.
  case floor(UnsafePointer<Float>)

  public static var none: BlockActivation { .leakyReLU(slope: 1) }

  /// For the channels from `channel` on.
  func from(channel: Int) -> BlockActivation {
    if case .floor(let values) = self { .floor(values + channel) } else { self }
  }

  var forC: tessera_activation {
    switch self {
    case .leakyReLU(let slope): .init(kind: Int32(TESSERA_LEAKY), slope: slope, floor: nil)
    case .gelu: .init(kind: Int32(TESSERA_GELU), slope: 0, floor: nil)
    case .mish: .init(kind: Int32(TESSERA_MISH), slope: 0, floor: nil)
    case .floor(let values): .init(kind: Int32(TESSERA_FLOOR), slope: 0, floor: values)
    }
  }
}
